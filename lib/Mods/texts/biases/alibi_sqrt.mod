# ALiBi in the root of the distance, for keys at or before the query alone.
# slopes: one per query head, positive.
mod alibi_sqrt

buffer slopes : f32[Hq]

let r = kv - q
score = where(r <= 0, score - slopes[h] * sqrt(-r), score)
