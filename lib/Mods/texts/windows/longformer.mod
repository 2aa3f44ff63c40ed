# |q - kv| <= radius, and marked positions that see all and are seen by all.
# marked: whether a position is global.
mod longformer

param radius : i32 = 256
buffer marked : bool[?]

mask = abs(q - kv) <= radius or marked[q] or marked[kv]
