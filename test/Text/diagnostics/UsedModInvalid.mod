use "Inputs/broken.mod"
use "Inputs/broken.mod" as A
mask = A.mask
