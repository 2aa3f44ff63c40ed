# Blocks of queries see the blocks of keys that the map marks for them.
# map: for each batch and head, whether a block of queries sees a block of keys.
mod block_map

const block : i32 = 64

buffer map : bool[B, Hq, ?, ?]

mask = map[b, h, q // block, kv // block]
