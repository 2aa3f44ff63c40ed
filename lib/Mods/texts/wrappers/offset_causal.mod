# causal for queries that are `offset` further on: kv <= q + offset.
mod offset_causal

param offset : i32 = 0

use causal as inner

mask = inner.mask(q = q + offset)
