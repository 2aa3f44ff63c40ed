# natten_1d among the positions equal to the query's modulo `dilation`.
mod natten_1d_dilated

const extent : i32 = 1024
const kernel : i32 = 7
const dilation : i32 = 4

let phase = q % dilation
let size = (extent - phase + dilation - 1) // dilation
let start = clamp(q // dilation - kernel // 2, 0, size - kernel)
let at = kv // dilation
mask = kv % dilation == phase
mask = start <= at and at < start + kernel
