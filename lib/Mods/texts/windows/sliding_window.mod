# Causal window of `window` keys with the query's own: 0 <= q - kv < window.
mod sliding_window

param window : i32 = 1024

mask = q >= kv and q - kv < window
