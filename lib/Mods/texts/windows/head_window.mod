# Causal window of `window[h]` keys, the query's own among them, for each head.
# window: number of keys, one per query head.
mod head_window

buffer window : i32[Hq]

mask = q >= kv and q - kv < window[h]
