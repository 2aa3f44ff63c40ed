# A few keys at the begin of the sequence, and a causal window.
mod streaming

param first : i32 = 4
param window : i32 = 64

mask = q >= kv and (kv < first or q - kv < window)
