# alibi over keys in pages of `page`, in the order that the table restores.
# logical: for each batch and page in memory, its number in the sequence;
# slopes: one per query head. Pages of other sequences are a mask's matter.
mod paged_alibi

const page : i32 = 16

buffer logical : i32[B, ?]

use alibi as inner

score = inner.score(kv = logical[b, kv // page] * page + kv % page)
