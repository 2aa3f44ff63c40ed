# causal over keys in pages of `page`, in the order that the table restores.
# logical: for each batch and page in memory, its number in the sequence;
# negative for a page of another one, which is not seen.
mod paged_causal

const page : i32 = 16

buffer logical : i32[B, ?]

use causal as inner

let number = logical[b, kv // page]
mask = number >= 0 and inner.mask(kv = number * page + kv % page)
