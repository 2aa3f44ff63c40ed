# A prefix that every query sees, then causal attention; the prefix has another
# length in each sequence of the batch.
mod prefix_lm

buffer prefix : i32[B]

mask = q >= kv or kv < prefix[b]
