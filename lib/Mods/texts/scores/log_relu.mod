# Weights relu(score) + n under a softmax: log(relu(score) + n), n above 0.
# Of the result take out * exp(lse) - n * sum of v for attention by relu(score).
mod log_relu

param n : f32 = 1.0

score = log(relu(score) + n)
