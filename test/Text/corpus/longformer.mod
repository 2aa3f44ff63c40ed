# A symmetric window, and marked positions that see and are seen by all.
# marked: whether a position is global.
mod longformer

param radius : i32 = 32
buffer marked : bool[Skv]

mask = abs(q - kv) <= radius or marked[q] or marked[kv]
