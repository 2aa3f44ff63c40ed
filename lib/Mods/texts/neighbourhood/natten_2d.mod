# natten_1d in both directions of an image of `width` by `height`, row by row.
mod natten_2d

const width : i32 = 32
const height : i32 = 32
const kernel : i32 = 7

def near(at : i32, other : i32, extent : i32) = (
    clamp(at - kernel // 2, 0, extent - kernel) <= other and
    other < clamp(at - kernel // 2, 0, extent - kernel) + kernel
)
mask = near(q % width, kv % width, width)
mask = near(q // width, kv // width, height)
