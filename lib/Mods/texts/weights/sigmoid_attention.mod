# Weights sigmoid(slope * score + bias), without a softmax.
# A bias of -log(Skv) keeps their sum near 1.
mod sigmoid_attention

param slope : f32 = 1.0
param bias : f32 = 0.0

score = sigmoid(slope * score + bias)
normalize = none
