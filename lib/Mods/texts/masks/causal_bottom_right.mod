# Causal, aligned so that the last query sees the last key.
# FlashAttention's causal. Rows are counted in the tensors at hand; offsets of
# positions do not matter.
mod causal_bottom_right

mask = kv_local <= q_local + (Skv - Sq)
