# prefix_lm within each document: positions count from the document's start.
# doc: the document of each position; start: where each document begins.
mod document_prefix_lm

buffer doc : i32[?]
buffer start : i32[?]

use prefix_lm as inner

let fromQ = q - start[doc[q]]
let fromKv = kv - start[doc[kv]]
mask = doc[q] == doc[kv] and inner.mask(q = fromQ, kv = fromKv)
