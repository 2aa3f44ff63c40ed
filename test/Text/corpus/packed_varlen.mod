# Ragged batches that lie one behind the other in memory.
# start_q, start_k: where each batch begins; doc_q, doc_k: document of each token
# of the whole memory.
mod packed_varlen

buffer start_q : i32[?] in [0, 65536] sorted
buffer start_k : i32[?] in [0, 65536] sorted
buffer doc_q : i32[?] in [0, 255]
buffer doc_k : i32[?] in [0, 255]

mask = doc_q[start_q[b] + q] == doc_k[start_k[b] + kv]
