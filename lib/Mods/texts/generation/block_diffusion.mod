# BD3-LM: `len` noised positions, then `len` clean ones; blocks of `block`.
# Noised blocks see themselves and the clean blocks before them; clean blocks
# see the clean ones up to their own.
mod block_diffusion

param len : i32 = 1024
const block : i32 = 8

def isClean(i : i32) = i >= len
def blockOf(i : i32) = i % len // block
let same = not isClean(q) and not isClean(kv) and blockOf(q) == blockOf(kv)
let before = not isClean(q) and isClean(kv) and blockOf(q) > blockOf(kv)
let clean = isClean(q) and isClean(kv) and blockOf(q) >= blockOf(kv)
mask = same or before or clean
