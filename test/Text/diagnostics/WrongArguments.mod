def f(x : i32) = x
use "Inputs/window.mod" as A
let a = f()
let bb = f(1, 2)
let c = max(1)
let d = max(1, 2, 3)
let e = clamp(q, 1)
let g = f(x = 1)
mask = A.mask(q)
mask = A.mask(q = 1, q = 2)
mask = A.mask(score = 1)
let i = A.score(prob = 1.0, kvh = 2)
buffer doc : i32[Skv]
let j = doc[kv = 3]
