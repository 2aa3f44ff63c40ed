# Scores squeezed into (-cap, cap): cap * tanh(score / cap).
mod softcap

const cap : f32 = 50.0

score = cap * tanh(score / cap)
