# Scores of 8-bit tensors, brought back to scale by one factor for each tensor.
# q_scale, k_scale: scalars in memory.
mod descale

buffer q_scale : f32[] in [0.0, 2.0]
buffer k_scale : f32[] in [0.0, 2.0]

score = score * q_scale * k_scale
