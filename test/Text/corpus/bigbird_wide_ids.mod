# A window of blocks, global first blocks, and random blocks from a list.
# random: for each block of queries the numbers of 3 blocks of keys.
mod bigbird_wide_ids

const block : i32 = 16
const global : i32 = 1
param window : i32 = 1

buffer random : i64[?, 3] in [0, 4095]

let m = q // block
let n = kv // block
mask = abs(m - n) <= window or m < global or n < global or any(t in 0..3: random[m, t] == n)
