# causal as a score mod: -inf for keys behind the query.
mod causal_as_score

use causal as inner

score = where(inner.mask, score, -inf)
