# Causal, and all positions of an image see each other; text has negative ids.
# image: of each position.
mod interleaved

buffer image : i32[B, ?]

mask = q >= kv or image[b, q] >= 0 and image[b, q] == image[b, kv]
