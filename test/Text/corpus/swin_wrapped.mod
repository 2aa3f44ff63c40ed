# Shifted windows of an image, with a learned bias for each offset in a window.
# table: one bias per offset and head, trained.
mod swin_wrapped

const width : i32 = 16
const window : i32 = 4
const shift : i32 = 2

buffer table : f32[(2 * window - 1) * (2 * window - 1), Hq] grad

let dx = q % window - kv % window
let dy = q // width % window - kv // width % window
def rolled(i : i32) = (i + shift) % width // window
score = score + table[(dy + window - 1) * (2 * window - 1) + dx + window - 1, h]
mask = rolled(q % width) == rolled(kv % width)
mask = rolled(q // width) == rolled(kv // width)
