# ALiBi for tables of negative slopes: score + slopes[h] * (q - kv).
# slopes: one per query head.
mod alibi_reversed

buffer slopes : f32[Hq]

score = score + slopes[h] * (q - kv)
