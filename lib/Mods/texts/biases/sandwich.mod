# A curve of the distance, scaled by head: curve[q - kv + Skv - 1] * factor[h].
# curve: for each distance from 1 - Skv to Skv - 1; factor: one per query head.
mod sandwich

buffer curve : f32[?]
buffer factor : f32[Hq]

score = score + curve[q - kv + Skv - 1] * factor[h]
