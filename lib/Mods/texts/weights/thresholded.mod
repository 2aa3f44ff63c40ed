# Weights below `least` become 0 after the softmax; the others stay as they are.
mod thresholded

param least : f32 = 0.01

prob = prob if prob >= least else 0.0
