let a =
let bb = q +
let c = q + * kv
let d = 1 + not (q > 0)
let e = max(q,)
let f = softmax
let g = (
)
