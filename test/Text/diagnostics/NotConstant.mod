param p : i32 = 4
buffer doc : i32[Skv]
const a : i32 = q
const bb : i32 = Skv
const c : i32 = p + 1
const d : i32 = doc[0]
let x = q + 1
const e : i32 = x
let f = any(t in 0..q: t > 0)
let g = any(t in 0..4: any(u in 0..t: u > 0))
buffer m : i32[Sq + 1]
param n : i32 = q
let four = 2 + 2
const fine : i32 = four * 2
