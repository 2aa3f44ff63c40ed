# Documents packed into one sequence: causal within each document.
# doc: the document of each position.
mod document_ids

buffer doc : i32[B, Skv] in [0, 255] sorted

mask = doc[b, q] == doc[b, kv]
mask = q >= kv
