# T5's bias of a decoder: keys behind the query share the bucket of distance 0.
# table: one bias per bucket and head, trained. Distances below half of the
# buckets have one each, larger ones share logarithmic ones up to max_distance.
mod t5_buckets_causal

const buckets : i32 = 32
const max_distance : f32 = 128.0
const exact : i32 = buckets // 2

buffer table : f32[buckets, Hq] grad

let d = max(q - kv, 0)
# As in t5_buckets.
let scaled = log2(d / exact) / log2(max_distance / exact) * (buckets - exact)
let large = min(exact + i32(scaled + 1e-4), buckets - 1)
score = score + table[d if d < exact else large, h]
