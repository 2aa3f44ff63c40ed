# Blocks of `block` positions see their own block whole, and those before it.
mod block_causal

const block : i32 = 32

mask = kv // block <= q // block
