let a = (q kv)
let bb q
let c = q kv
let d = f(q, kv
buffer e f32[Hq]
buffer f : f32
param g : f32 1.0
def p x) = x
let i = q if kv > 0
let j = any(t in 0, 4: t > q)
let k = abs
normalize = linear
use window(N 4)
mask = a[q)
buffer m : i32[?] sorted in [0, 1]
