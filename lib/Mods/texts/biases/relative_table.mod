# A bias for each head and each distance q - kv from -reach to reach - 1.
# table: one per head and distance, trained. Distances beyond take the nearest.
mod relative_table

const reach : i32 = 128

buffer table : f32[Hq, 2 * reach] grad

score = score + table[h, clamp(q - kv, -reach, reach - 1) + reach]
