# The score times a number: score * factor, after the scale of the kernel.
mod scaled

param factor : f32 = 2.0

score = score * factor
