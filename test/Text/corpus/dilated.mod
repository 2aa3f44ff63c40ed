# Every `step`-th key within a window of 2 * radius + 1.
mod dilated

const step : i32 = 3
param radius : i32 = 48

let dist = abs(q - kv)
mask = dist <= radius and dist % step == 0
