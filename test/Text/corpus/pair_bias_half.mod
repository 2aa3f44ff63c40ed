# A bias for each pair of positions, as structure models have it.
# bias: for each batch, head, query and key, trained.
mod pair_bias_half

buffer bias : bf16[B, Hq, Sq, Skv] grad

score = score + bias[b, h, q_local, kv_local]
