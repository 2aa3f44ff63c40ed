# Causal: the last `stride` keys, the own included, and each `stride`-th before.
# The strided pattern of the Sparse Transformer.
mod strided

param stride : i32 = 128

let dist = q - kv
mask = dist >= 0 and (dist < stride or dist % stride == 0)
