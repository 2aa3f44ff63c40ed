let a = max(q, kv
let bb = (q + [kv
score = score + (a + b
mask = q >= kv
