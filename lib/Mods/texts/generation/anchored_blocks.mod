# Context keys before the anchor of the query's block, and its own noise block.
# Queries count from the first block of noise on; keys are `context` positions,
# then the blocks. anchor: first context position that each block does not see;
# keep: whether a block takes part at all.
mod anchored_blocks

param context : i32 = 1024
const block : i32 = 16

buffer anchor : i32[?]
buffer keep : bool[?]

let own = q // block
let seen = kv < context and kv < anchor[own]
let same = kv >= context and (kv - context) // block == own
mask = keep[own] and (seen or same)
