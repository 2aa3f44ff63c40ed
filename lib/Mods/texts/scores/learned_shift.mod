# The score plus a trained scalar: score + shift.
# shift: scalar in memory, trained.
mod learned_shift

buffer shift : f32[] grad

score = score + shift
