# A bias for each batch, head and key, by its row: score + bias[b, h, kv_local].
# bias: trained.
mod dynamic_mask_bias

buffer bias : f32[B, Hq, Skv] grad

score = score + bias[b, h, kv_local]
