# Keys i - left to i + right, both included; i = q_local + Skv - Sq; -1: open.
# The window_size of FlashAttention. Any negative side is open.
mod window_left_right

param left : i32 = 1024
param right : i32 = 0

let ahead = kv_local - (q_local + (Skv - Sq))
mask = left < 0 or -ahead <= left
mask = right < 0 or ahead <= right
