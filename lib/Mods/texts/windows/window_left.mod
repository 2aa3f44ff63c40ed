# Keys at most `left` before the query, bottom right aligned, later ones open.
# FlashInfer's window_left: left + 1 keys together with causal_bottom_right.
mod window_left

param left : i32 = 1024

mask = q_local + (Skv - Sq) - kv_local <= left
