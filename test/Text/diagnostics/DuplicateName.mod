let a = q
let a = kv
param bb : i32
buffer bb : f32[Hq]
def c(a : i32, d : i32, d : i32) = d
def c() = q
let fine = any(a in 0..4: a > q)
