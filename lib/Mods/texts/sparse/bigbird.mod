# Blocks at most `window` apart, the first `global`, and listed ones: BigBird.
# random: for each block of queries the numbers of 3 blocks of keys.
mod bigbird

const block : i32 = 64
const global : i32 = 1
param window : i32 = 1

buffer random : i32[?, 3]

let m = q // block
let n = kv // block
let near = abs(m - n) <= window or m < global or n < global
mask = near or any(t in 0..3: random[m, t] == n)
