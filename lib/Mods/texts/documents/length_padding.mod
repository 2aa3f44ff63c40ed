# Real keys for real queries, others see none: kv < kv_len[b] and q < q_len[b].
# q_len, kv_len: how many queries and keys of each batch are real.
mod length_padding

buffer q_len : i32[B]
buffer kv_len : i32[B]

mask = kv < kv_len[b] and q < q_len[b]
