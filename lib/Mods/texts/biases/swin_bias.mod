# Swin's bias for the offset of two pixels in their window, by row, then column.
# table: one bias per offset and head, trained. Positions are those of one
# window of `window` by `window` pixels.
mod swin_bias

const window : i32 = 8

buffer table : f32[(2 * window - 1) * (2 * window - 1), Hq] grad

let dy = q // window - kv // window + window - 1
let dx = q % window - kv % window + window - 1
score = score + table[dy * (2 * window - 1) + dx, h]
