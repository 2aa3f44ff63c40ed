# The first `prefix` keys, and the query's own draft of `length`, causally.
# Queries count from the first draft on, keys from the begin of the prefix.
mod parallel_drafts

param prefix : i32 = 128
const length : i32 = 8

let drafted = kv - prefix
let sameDraft = drafted >= 0 and q // length == drafted // length
mask = kv < prefix or sameDraft and drafted % length <= q % length
