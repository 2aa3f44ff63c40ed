# Positions see their own document, ids for each batch: doc[b, q] == doc[b, kv].
# doc: the document of each position.
mod documents_per_batch

buffer doc : i32[B, ?]

mask = doc[b, q] == doc[b, kv]
