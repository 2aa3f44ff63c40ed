# The union of 8 rectangles, ends excluded, each free or causal from its corner.
# rect: first query, end of queries, first key, end of keys, and 0 for free. An
# empty rectangle adds nothing.
mod ranges

buffer rect : i32[8, 5]

mask = any(n in 0..8: (
    rect[n, 0] <= q and q < rect[n, 1] and
    rect[n, 2] <= kv and kv < rect[n, 3] and
    (rect[n, 4] == 0 or q - rect[n, 0] >= kv - rect[n, 2])
))
