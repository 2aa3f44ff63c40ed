# log(gelu(s) + n) under softmax: an activation in place of the exponential.
mod activation

param n : f32 = 2.0

score = log(gelu(score) + n)
