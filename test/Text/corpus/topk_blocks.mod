# Each block of queries attends to the blocks of keys in a list of its own.
# top: for each batch, head and block of queries, the numbers of 4 blocks of keys;
# -1 for none.
mod topk_blocks

const block : i32 = 16

buffer top : i32[B, Hq, ?, 4] in [-1, 4095]

mask = any(t in 0..4: top[b, h, q // block, t] == kv // block)
