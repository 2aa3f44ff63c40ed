# Neighbourhood attention on an image of `width` by `height`, row by row: each
# query sees `kernel` by `kernel` pixels around itself; at the border the
# neighbourhood moves inwards instead of shrinking.
mod natten_2d

const width : i32 = 16
const height : i32 = 16
const kernel : i32 = 5

def near(at : i32, other : i32, extent : i32) = (
    abs(clamp(at, kernel // 2, extent - 1 - kernel // 2) - other) <= kernel // 2
)
mask = near(q % width, kv % width, width)
mask = near(q // width, kv // width, height)
