# Blocks of queries see the 4 blocks of keys in their list; -1 for none.
# top: for each batch, head and block of queries, the numbers of blocks of keys.
mod topk_blocks

const block : i32 = 64

buffer top : i32[B, Hq, ?, 4]

mask = any(t in 0..4: top[b, h, q // block, t] == kv // block)
