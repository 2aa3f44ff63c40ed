# A bias for each key, by its row in the tensors: score + bias[kv_local].
# bias: trained.
mod key_bias

buffer bias : f32[Skv] grad

score = score + bias[kv_local]
