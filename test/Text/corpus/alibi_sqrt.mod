# ALiBi in the square root of the distance, for keys before the query alone.
# slopes: one per query head.
mod alibi_sqrt

buffer slopes : f32[Hq] in [0.0, 1.0]

let r = kv - q
score = where(r <= 0, score - slopes[h] * sqrt(-r), score)
