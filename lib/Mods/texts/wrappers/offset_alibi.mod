# alibi for queries that are `offset` further on.
# slopes: one per query head.
mod offset_alibi

param offset : i32 = 0

use alibi as inner

score = inner.score(q = q + offset)
