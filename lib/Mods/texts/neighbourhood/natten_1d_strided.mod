# `stride` queries share the natten_1d window of the one in their middle.
# The middle is the query stride // 2 behind the first, or the last of `extent`.
mod natten_1d_strided

const extent : i32 = 1024
const kernel : i32 = 8
const stride : i32 = 4

let leader = min(q // stride * stride + stride // 2, extent - 1)
let start = clamp(leader - kernel // 2, 0, extent - kernel)
mask = start <= kv and kv < start + kernel
