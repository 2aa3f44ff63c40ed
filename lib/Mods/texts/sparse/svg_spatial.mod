# The first `text` tokens see and are seen by all, others where |q - kv| < band.
# Spatial heads of Sparse VideoGen. The band is `frames` frames of `frame`
# tokens, cut to whole blocks of 128.
mod svg_spatial

param text : i32 = 226
param frame : i32 = 1350
param frames : f32 = 1.5

let band = i32(frames * frame / 128) * 128
mask = kv < text or q < text or abs(q - kv) < band
