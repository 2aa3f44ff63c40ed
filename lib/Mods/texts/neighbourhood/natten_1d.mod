# `kernel` keys around the query, moved inwards at both ends of `extent`.
# Of an even kernel the larger half lies before the query.
mod natten_1d

const extent : i32 = 1024
const kernel : i32 = 7

let start = clamp(q - kernel // 2, 0, extent - kernel)
mask = start <= kv and kv < start + kernel
