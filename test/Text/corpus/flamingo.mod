# Text that sees the image before it: each key belongs to an image, each image
# to an interval of queries.
# image: of each key; interval: first query and the one past the last.
mod flamingo

buffer image : i32[Skv] in [0, 7]
buffer interval : i32[8, 2] in [0, 4096]

mask = interval[image[kv], 0] <= q and q < interval[image[kv], 1]
