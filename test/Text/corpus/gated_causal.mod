# Weights scaled by a gate for each head after the softmax: linear, so that it
# needs no second pass.
# gate: one per batch and head, trained.
mod gated_causal

buffer gate : f32[B, Hq] in [0.0, 1.0] grad

mask = q >= kv
prob = prob * gate[b, h]
