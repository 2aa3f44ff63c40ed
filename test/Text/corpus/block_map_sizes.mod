# A map of the blocks that attend to each other, and the size of each block of
# keys.
# map: whether a block of queries sees a block of keys; size: how many keys of a
# block are real.
mod block_map_sizes

const block : i32 = 16

buffer map : bool[B, Hq, ?, ?]
buffer size : i32[?] in [0, 16]

mask = map[b, h, q // block, kv // block]
mask = kv % block < size[kv // block]
