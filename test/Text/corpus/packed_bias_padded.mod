# A bias per key of ragged batches, read through the start of each batch.
# bias: one per token of the whole memory; start: where each batch begins;
# len: its length.
mod packed_bias_padded

buffer bias : f32[?]
buffer start : i32[?] in [0, 65536] sorted
buffer len : i32[B] in [1, 4096]

score = score + bias[start[b] + min(kv, len[b] - 1)]
mask = kv < len[b]
