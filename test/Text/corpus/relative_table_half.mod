# A learned bias for each distance up to 16 on either side.
# table: one per head and distance, trained.
mod relative_table_half

const reach : i32 = 16

buffer table : f16[Hq, 2 * reach] grad

score = score + table[h, clamp(q - kv, -reach, reach - 1) + reach]
