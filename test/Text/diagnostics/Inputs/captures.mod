param slope : f32 = 1.0
buffer table : f32[Hq]
buffer third : f32[Hq]
buffer fourth : f32[Hq]
score = score + slope * table[h] + third[h] + fourth[h]
