# The last `kernel` keys, the query's own included; fewer at the begin.
mod natten_1d_causal

const kernel : i32 = 7

mask = kv <= q and q - kv < kernel
