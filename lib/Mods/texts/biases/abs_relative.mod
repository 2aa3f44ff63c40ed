# Adds a multiple of the distance: score + factor * |q - kv|.
mod abs_relative

param factor : f32 = 1.0

score = score + factor * abs(q - kv)
