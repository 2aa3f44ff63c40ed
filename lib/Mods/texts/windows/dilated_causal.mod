# Every `step`-th of the last `window` keys, counted from the query's own.
mod dilated_causal

const step : i32 = 2
param window : i32 = 256

let dist = q - kv
mask = dist >= 0 and dist < window and dist % step == 0
