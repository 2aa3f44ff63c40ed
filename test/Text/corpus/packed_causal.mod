# Packed documents by the start of each: one interval of keys per query.
# doc: the document of each position; start: where each document begins.
mod packed_causal

buffer doc : i32[Skv] in [0, 31] sorted
buffer start : i32[32] in [0, 4096] sorted

mask = kv >= start[doc[q]] and q >= kv
