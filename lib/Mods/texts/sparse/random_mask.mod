# Keeps `share` of 65536 pairs, drawn by a hash of b, h, q, kv and `seed`.
mod random_mask

param seed : i32 = 1
param share : i32 = 58982

let mixed = (q * 0x9E3779B1 ^ kv * 0x85EBCA77 ^ (b << 16 | h)) + seed
let hashed = (mixed ^ mixed >> 15) * 0x2C1B3C6D
mask = (hashed ^ hashed >> 12) & 0xFFFF < share
