# A bias for each query, by its row in the tensors: score + bias[q_local].
# bias: trained.
mod query_bias

buffer bias : f32[Sq] grad

score = score + bias[q_local]
