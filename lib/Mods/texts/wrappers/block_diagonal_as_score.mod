# block_diagonal as a score mod: -inf for keys of other blocks of 64.
mod block_diagonal_as_score

use block_diagonal(block = 64) as inner

score = where(inner.mask, score, -inf)
