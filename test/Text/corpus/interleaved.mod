# Causal text with images whose parts see each other.
# image: of each position; -1 for text.
mod interleaved

buffer image : i32[B, Skv] in [-1, 15]

mask = q >= kv or image[b, q] >= 0 and image[b, q] == image[b, kv]
