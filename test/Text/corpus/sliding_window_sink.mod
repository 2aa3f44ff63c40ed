# A causal window of `window` keys, the query's own among them, and one learned
# extra logit per head in the denominator.
# sinks: one per query head, trained.
mod sliding_window_sink

param window : i32 = 128
buffer sinks : f32[Hq] grad

mask = q >= kv and q - kv < window
sink = sinks[h]
