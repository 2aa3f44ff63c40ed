# Every `step`-th key at most `radius` away on either side, from the own one on.
mod dilated

const step : i32 = 2
param radius : i32 = 256

let dist = abs(q - kv)
mask = dist <= radius and dist % step == 0
