# Sequences of different lengths in one batch.
# q_len, kv_len: how many queries and keys of each batch are real.
mod length_padding

buffer q_len : i32[B] in [0, 4096]
buffer kv_len : i32[B] in [0, 4096]

mask = kv < kv_len[b] and q < q_len[b]
