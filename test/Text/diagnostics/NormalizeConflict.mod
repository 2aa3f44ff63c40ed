sink = 1.0
normalize = none
use "Inputs/softmax.mod"
