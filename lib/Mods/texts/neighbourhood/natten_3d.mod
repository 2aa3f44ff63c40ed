# natten_1d in space, causal in time: frames of `height` rows of `width` pixels.
# `kernel` in space; `frames` in time, the query's own included.
mod natten_3d

const width : i32 = 16
const height : i32 = 8
const kernel : i32 = 5
const frames : i32 = 3

def near(at : i32, other : i32, extent : i32) = (
    clamp(at - kernel // 2, 0, extent - kernel) <= other and
    other < clamp(at - kernel // 2, 0, extent - kernel) + kernel
)
let time = q // (width * height)
let other = kv // (width * height)
mask = near(q % width, kv % width, width)
mask = near(q // width % height, kv // width % height, height)
mask = other <= time and time - other < frames
