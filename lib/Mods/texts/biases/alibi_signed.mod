# ALiBi that raises later keys, slopes positive: score + slopes[h] * (kv - q).
# slopes: one per query head.
mod alibi_signed

buffer slopes : f32[Hq]

score = score + slopes[h] * (kv - q)
