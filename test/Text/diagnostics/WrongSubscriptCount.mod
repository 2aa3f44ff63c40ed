buffer doc : i32[B, Skv]
buffer scalar : f32[]
let a = doc[kv]
let bb = doc[b, kv, 0]
let c = doc
let d = scalar[0]
let e = doc[]
let fine = scalar
