# Causal from the start of the query's document on: start[doc[q]] <= kv <= q.
# doc: the document of each position, never decreasing; start: position where
# each document begins.
mod packed_causal

buffer doc : i32[?] sorted
buffer start : i32[?] sorted

mask = kv >= start[doc[q]] and q >= kv
