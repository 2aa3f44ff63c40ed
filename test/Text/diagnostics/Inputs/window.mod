const width : i32 = 128
mask = abs(q - kv) < width
