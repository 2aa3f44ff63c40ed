# The strided pattern of sparse transformers: the last `stride` keys, and before
# them every `stride`-th.
mod strided

param stride : i32 = 16

mask = q >= kv and (q - kv < stride or (q - kv) % stride == 0)
