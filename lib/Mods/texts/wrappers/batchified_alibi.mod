# alibi within sequences of `length` that lie one behind the other.
# slopes: one per query head.
mod batchified_alibi

const length : i32 = 1024

use alibi as inner

score = inner.score(q = q % length, kv = kv % length)
