# Windows of `window` by `window` pixels, shifted by `shift` without wrapping.
# Position i is the pixel i of the image, before any cyclic shift. shift 0 gives
# the regular windows.
mod swin_windows

const width : i32 = 32
const window : i32 = 8
const shift : i32 = 4

def region(x : i32) = (x - shift) // window
mask = region(q % width) == region(kv % width)
mask = region(q // width) == region(kv // width)
