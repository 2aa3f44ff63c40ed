let score = q
param kv_idx : i32
buffer Hq : f32[4]
def max(a : i32) = a
let x = any(q in 0..4: q > 1)
mod softmax
use "Inputs/window.mod" as mask
