# One bias per position, for query and key: score + bias[q] + bias[kv].
# bias: for each position of the whole sequence, trained.
mod position_bias

buffer bias : f32[?] grad

score = score + bias[q] + bias[kv]
