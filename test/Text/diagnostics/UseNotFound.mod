use missing
use "missing.mod" as A
mask = A.mask and something_of_missing > 0
