# Small weights are dropped after the softmax: not linear, so that the weights
# must be known before they are used.
mod thresholded_causal

param least : f32 = 0.01

mask = q >= kv
prob = prob if prob >= least else 0.0
