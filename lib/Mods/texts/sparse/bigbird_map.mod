# BigBird with its random blocks in a map; the window is |q - kv| <= radius.
# map: whether a block of queries sees a block of keys.
mod bigbird_map

const block : i32 = 64
const global : i32 = 1
param radius : i32 = 64

buffer map : bool[?, ?]

let m = q // block
let n = kv // block
mask = abs(q - kv) <= radius or m < global or n < global or map[m, n]
