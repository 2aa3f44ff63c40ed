# Keys in pages, in any order; causal in the order that the table restores.
# logical: for each batch and page in memory, its number in the sequence; -1 for
# a page of another sequence.
mod paged

const page : i32 = 16

buffer logical : i32[B, ?] in [-1, 255]

let number = logical[b, kv // page]
mask = number >= 0
mask = q >= number * page + kv % page
