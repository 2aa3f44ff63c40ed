# Causal: the first `first` keys and the last `window`, the own one included.
# The attention sinks of StreamingLLM, and the A shape of MInference.
mod streaming

param first : i32 = 4
param window : i32 = 1024

mask = q >= kv and (kv < first or q - kv < window)
