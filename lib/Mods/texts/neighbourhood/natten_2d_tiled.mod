# natten_2d with tokens ordered by tiles of `tile` by `tile` pixels, row by row.
# `width` and `height` are multiples of `tile`.
mod natten_2d_tiled

const width : i32 = 32
const height : i32 = 32
const kernel : i32 = 7
const tile : i32 = 8

def x(i : i32) = i // (tile * tile) % (width // tile) * tile + i % tile
def y(i : i32) = (
    i // (tile * tile) // (width // tile) * tile + i % (tile * tile) // tile
)
def near(at : i32, other : i32, extent : i32) = (
    clamp(at - kernel // 2, 0, extent - kernel) <= other and
    other < clamp(at - kernel // 2, 0, extent - kernel) + kernel
)
mask = near(x(q), x(kv), width)
mask = near(y(q), y(kv), height)
