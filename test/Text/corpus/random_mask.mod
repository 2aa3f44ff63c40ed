# A part of the pairs, drawn by a hash of the positions.
# share: of 65536; seed: another one, other pairs.
mod random_mask

param seed : i32 = 1
param share : i32 = 40000

let mixed = (q * 0x9E3779B1 ^ kv * 0x85EBCA77 ^ (b << 16 | h)) + seed
let hashed = (mixed ^ mixed >> 15) * 0x2C1B3C6D
mask = (hashed ^ hashed >> 12) & 0xFFFF < share
