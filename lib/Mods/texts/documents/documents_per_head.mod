# Positions see their own document, ids for each batch and query head.
# doc: the document of each position.
mod documents_per_head

buffer doc : i32[B, Hq, ?]

mask = doc[b, h, q] == doc[b, h, kv]
