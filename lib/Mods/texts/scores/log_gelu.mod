# Weights gelu(score) + n under a softmax: log(gelu(score) + n), n above 0.17.
# Of the result take out * exp(lse) - n * sum of v for attention by gelu(score).
mod log_gelu

param n : f32 = 1.0

score = log(gelu(score) + n)
