# Keys at most `radius` away on either side.
mod symmetric_window

param radius : i32 = 64

mask = abs(q - kv) <= radius
