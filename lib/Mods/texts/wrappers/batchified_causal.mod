# causal within sequences of `length` that lie one behind the other.
mod batchified_causal

const length : i32 = 1024

use causal as inner

mask = q // length == kv // length
mask = inner.mask(q = q % length, kv = kv % length)
