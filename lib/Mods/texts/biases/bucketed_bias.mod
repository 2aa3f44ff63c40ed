# A bias by the bucket of q - kv: table[bucket[q - kv + reach], h].
# bucket: for each distance from -reach to reach; table: one bias per bucket and
# head, trained. Distances beyond take the bucket of the nearest.
mod bucketed_bias

param reach : i32 = 1023

buffer bucket : i32[?]
buffer table : f32[?, Hq] grad

score = score + table[bucket[q - kv + reach], h]
