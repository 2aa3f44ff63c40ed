# A bias for each batch, head and pair of rows in the tensors, as in AlphaFold.
# bias: trained.
mod pair_bias

buffer bias : f32[B, Hq, Sq, Skv] grad

score = score + bias[b, h, q_local, kv_local]
