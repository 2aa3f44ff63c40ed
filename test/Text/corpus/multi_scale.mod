# Images of growing resolution: a position sees its own scale and coarser ones.
# level: the scale of each position.
mod multi_scale

buffer level : i32[Skv] in [0, 9] sorted

mask = level[q] >= level[kv]
