let a = q
buffer doc : i32[B, Skv]
let bb = a[0]
let c = doc[b][kv]
let d = doc[0, 0][kv]
let e = (q + 1)[0]
let f = q[0]
