# A bias per token of ragged batches: bias[start[b] + min(kv, len[b] - 1)].
# bias: one per token of the whole memory; start: where each batch begins; len:
# its length.
mod packed_bias

buffer bias : f32[?]
buffer start : i32[?] sorted
buffer len : i32[B]

score = score + bias[start[b] + min(kv, len[b] - 1)]
