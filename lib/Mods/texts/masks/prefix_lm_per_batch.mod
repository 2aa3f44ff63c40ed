# Causal, and the first `prefix[b]` keys of each batch for all: kv < prefix[b].
mod prefix_lm_per_batch

buffer prefix : i32[B]

mask = kv < prefix[b] or q >= kv
