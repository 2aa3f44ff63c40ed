# alibi with positions that count from the start of each document.
# doc: the document of each position; start: where each document begins;
# slopes: one per query head.
mod document_alibi

buffer doc : i32[?]
buffer start : i32[?]

use alibi as inner

score = inner.score(q = q - start[doc[q]], kv = kv - start[doc[kv]])
