# Causal, and the first `prefix` keys for all: kv < prefix or kv <= q.
mod prefix_lm

param prefix : i32 = 128

mask = kv < prefix or q >= kv
