# Positions see their own document; ids never decrease along the sequence.
# doc: the document of each position; ids that do decrease give wrong results,
# see `documents`.
mod packed_documents

buffer doc : i32[?] sorted

mask = doc[q] == doc[kv]
