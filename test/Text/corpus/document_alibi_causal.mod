# Packed documents with positions counted from the start of each: what a wrapper
# around another mod makes of ALiBi.
# doc: the document of each position; start: where each document begins;
# slopes: one per query head.
mod document_alibi_causal

buffer doc : i32[Skv] in [0, 31] sorted
buffer start : i32[32] in [0, 4096] sorted
buffer slopes : f32[Hq] in [0.0, 1.0]

def local(i : i32) = i - start[doc[i]]
score = score - slopes[h] * abs(local(q) - local(kv))
mask = doc[q] == doc[kv] and local(q) >= local(kv)
