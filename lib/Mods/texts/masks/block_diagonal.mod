# Blocks of `block` positions see only themselves.
mod block_diagonal

const block : i32 = 128

mask = q // block == kv // block
