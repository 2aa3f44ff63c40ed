# A bias for causal keys at most `reach` away in memory, -inf for the others.
# bias: one per token of the whole memory; start_q, start_kv: where each batch
# begins.
mod conditional_bias

param reach : i32 = 512

buffer bias : f32[?]
buffer start_q : i32[?] sorted
buffer start_kv : i32[?] sorted

let at = start_kv[b] + kv
let near = q >= kv and abs(start_q[b] + q - at) <= reach
score = where(near, score + bias[at], -inf)
