# All of a prefix is visible to everyone, the rest is causal.
# prefix: its length in each batch.
mod prefix_lm

buffer prefix : i32[B] in [0, 4096]

mask = kv < prefix[b] or q >= kv
