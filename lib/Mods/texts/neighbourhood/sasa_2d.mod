# Pixels at most `radius` away in x and in y; the window shrinks at the border.
mod sasa_2d

const width : i32 = 32
const radius : i32 = 3

mask = abs(q % width - kv % width) <= radius
mask = abs(q // width - kv // width) <= radius
