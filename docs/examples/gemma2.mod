# A local layer of Gemma 2: scores are capped softly, each query sees itself
# and the keys before it within a sliding window.
mod gemma2

const cap : f32 = 50.0
param window : i32 = 1024

score = cap * tanh(score / cap)
mask = q >= kv
mask = q - kv < window
