# Causal within chunks whose length is chosen at run time.
mod chunked_causal

param chunk : i32 = 256

mask = q // chunk == kv // chunk and q >= kv
