mask = 0 <= q < 4
mask = q == kv != true
mask = (q == kv) != true
