let 3 = q
param = 4
use 4
mod
mask = A.3
use window(3 = 4)
