# A bias for each query head: score + bias[h].
# bias: trained.
mod head_bias

buffer bias : f32[Hq] grad

score = score + bias[h]
