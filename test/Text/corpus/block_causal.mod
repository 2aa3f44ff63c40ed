# Causal between blocks, free within them.
mod block_causal

const block : i32 = 32

mask = kv // block <= q // block
