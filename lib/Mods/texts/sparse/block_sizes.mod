# The first `size[n]` keys of block n are real: kv % block < size[kv // block].
# size: how many keys of each block are real.
mod block_sizes

const block : i32 = 64

buffer size : i32[?]

mask = kv % block < size[kv // block]
