# Keys at most `radius` away on either side: |q - kv| <= radius.
mod symmetric_window

param radius : i32 = 256

mask = abs(q - kv) <= radius
