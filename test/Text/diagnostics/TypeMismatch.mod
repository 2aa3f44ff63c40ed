let a = q > kv
buffer doc : i32[Skv]
mask = q
let bb = a + 1
let c = score // 2.0
let d = q and a
let e = doc[score]
let f = 1 if q else 2
let g = ~score
let i = +a
let j = where(q, 1, 2)
let k = exp(a)
let l = sum(t in 0..4: a)
let m = all(t in 0..4: t)
def n(x : i32, y : bool) = x
let o = n(score, q)
const p : i32 = 1.5
param r : bool = 1
let below = q > 2
sink = below
let s = not q
let t = -a
use "Inputs/window.mod"(width = 1.5)
let u = a == q
score = a
score = nothing_is_said_about_what + follows
