# Sigmoid weights instead of softmax.
mod sigmoid_causal

param slope : f32 = 1.0
param bias : f32 = -2.0

score = sigmoid(slope * score + bias)
mask = q >= kv
normalize = none
