# Weights sigmoid(score) + n under a softmax: log(sigmoid(score) + n), n >= 0.
# Of the result take out * exp(lse) - n * sum of v for attention by
# sigmoid(score); see sigmoid_attention for the way without a softmax.
mod log_sigmoid

param n : f32 = 1.0

score = log(sigmoid(score) + n)
