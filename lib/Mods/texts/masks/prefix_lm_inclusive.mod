# Causal, and keys up to position `prefix` for all: kv <= prefix or kv <= q.
mod prefix_lm_inclusive

param prefix : i32 = 128

mask = kv <= prefix or q >= kv
