# Scores of 8-bit tensors, brought to scale: score * q_scale * k_scale.
# q_scale, k_scale: scalars in memory.
mod descale

buffer q_scale : f32[]
buffer k_scale : f32[]

score = score * q_scale * k_scale
