# The score times a trained scalar: score * factor.
# factor: scalar in memory, trained.
mod learned_scale

buffer factor : f32[] grad

score = score * factor
