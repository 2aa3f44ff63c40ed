# ALiBi with a table of slopes, causal: a key at distance d loses slope * d.
# slopes: one per query head, positive.
mod alibi_causal

buffer slopes : f32[Hq] in [0.0, 1.0]

score = score - slopes[h] * abs(q - kv)
mask = q >= kv
