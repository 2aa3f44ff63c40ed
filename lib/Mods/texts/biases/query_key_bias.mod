# A bias for each pair, by its rows: score + bias[q_local, kv_local].
# bias: trained.
mod query_key_bias

buffer bias : f32[Sq, Skv] grad

score = score + bias[q_local, kv_local]
