# ALiBi: a bias that grows with the distance, with one slope per head.
mod alibi

buffer slopes : f32[Hq]

score = score - slopes[h] * abs(q - kv)
mask = q >= kv
