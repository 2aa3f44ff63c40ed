# Several documents packed into one sequence: a query sees the keys of its own
# document up to itself, and the first `sinks` keys of it from any distance.
mod documents

param window : i32 = 512
param sinks : i32 = 4
buffer document : i32[Sq] sorted  # which document a position belongs to
buffer start : i32[?]  # where each document begins

let same = document[q] == document[kv]
let is_sink = kv - start[document[kv]] < sinks

mask = q >= kv and same
mask = q - kv < window or is_sink
