# Scores squeezed into (-cap, cap), causal.
mod softcap

const cap : f32 = 50.0

score = cap * tanh(score / cap)
mask = q >= kv
