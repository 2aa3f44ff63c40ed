score = softcap(score)
score = tahn(score)
let a = any(q, kv)
buffer slopes : f32[Hq]
let bb = slopes(h)
