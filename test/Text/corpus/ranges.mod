# The union of rectangles, each causal or free.
# rect: first query, end of queries, first key, end of keys, and 1 for causal.
mod ranges

buffer rect : i32[6, 5] in [0, 4096]

mask = any(n in 0..6: (
    rect[n, 0] <= q and q < rect[n, 1] and
    rect[n, 2] <= kv and kv < rect[n, 3] and
    (rect[n, 4] == 0 or q - rect[n, 0] >= kv - rect[n, 2])
))
