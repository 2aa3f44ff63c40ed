# One bias for all heads and each distance q - kv from -reach to reach - 1.
# table: one per distance, trained. Distances beyond take the nearest.
mod relative_table_shared

const reach : i32 = 128

buffer table : f32[2 * reach] grad

score = score + table[clamp(q - kv, -reach, reach - 1) + reach]
