# A bias for each batch: score + bias[b].
# bias: trained.
mod batch_bias

buffer bias : f32[B] grad

score = score + bias[b]
