# T5's bias of both directions: half of the buckets for keys behind the query.
# table: one bias per bucket and head, trained. Distances below a quarter of the
# buckets have one each, larger ones share logarithmic ones up to max_distance.
mod t5_buckets

const buckets : i32 = 32
const max_distance : f32 = 128.0
const half : i32 = buckets // 2
const exact : i32 = half // 2

buffer table : f32[buckets, Hq] grad

let r = kv - q
let d = abs(r)
# Powers of two fall on a border between buckets. The small addend keeps them on
# its upper side, whatever the last bit of the logarithm is.
let scaled = log2(d / exact) / log2(max_distance / exact) * (half - exact)
let large = min(exact + i32(scaled + 1e-4), half - 1)
let bucket = (half if r > 0 else 0) + (d if d < exact else large)
score = score + table[bucket, h]
