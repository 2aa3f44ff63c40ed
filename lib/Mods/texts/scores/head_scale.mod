# The score times a factor for each query head: score * factor[h].
# factor: trained.
mod head_scale

buffer factor : f32[Hq] grad

score = score * factor[h]
