# Ragged batches in one memory: ids are read start[b] + position from its begin.
# start_q, start_kv: where each batch begins; doc_q, doc_kv: document of each
# token of the whole memory.
mod packed_varlen

buffer start_q : i32[?] sorted
buffer start_kv : i32[?] sorted
buffer doc_q : i32[?]
buffer doc_kv : i32[?]

mask = doc_q[start_q[b] + q] == doc_kv[start_kv[b] + kv]
