# A position sees its own scale and coarser ones: level[kv] <= level[q].
# level: the scale of each position, growing with resolution.
mod multi_scale

buffer level : i32[?] sorted

mask = level[q] >= level[kv]
