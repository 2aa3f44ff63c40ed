# ALiBi on both sides, slopes positive: score - slopes[h] * |q - kv|.
# slopes: one per query head.
mod alibi

buffer slopes : f32[Hq]

score = score - slopes[h] * abs(q - kv)
