# Causal within chunks of `chunk` positions that start at multiples of it.
mod chunked_causal

param chunk : i32 = 8192

mask = q // chunk == kv // chunk and q >= kv
