# symmetric_window as a score mod: -inf for keys more than `radius` away.
mod symmetric_window_as_score

use symmetric_window as inner

score = where(inner.mask, score, -inf)
