# Queries within the interval of the key's image, its end excluded.
# image: of each key; interval: first query of each image, and the one past the
# last.
mod flamingo

buffer image : i32[?]
buffer interval : i32[?, 2]

mask = interval[image[kv], 0] <= q and q < interval[image[kv], 1]
