# A mask written as a score of -inf, and a bias for the keys that stay.
# bias: one per key and key/value head.
mod mask_in_score

param radius : i32 = 32
param isCausal : bool = true
buffer bias : f32[Hkv, Skv]

score = score + bias[kvh, kv_local]
score = where(abs(q - kv) <= radius and (q >= kv or not isCausal), score, -inf)
