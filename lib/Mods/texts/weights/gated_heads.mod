# Weights times a gate for each batch and query head, after the softmax.
# gate: trained.
mod gated_heads

buffer gate : f32[B, Hq] grad

prob = prob * gate[b, h]
