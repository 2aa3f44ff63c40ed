# Positions see their own document: doc[q] == doc[kv], in any order of ids.
# doc: the document of each position.
mod documents

buffer doc : i32[?]

mask = doc[q] == doc[kv]
