# The mean of the biases of the first 4 edges on the path between two nodes.
# edge: type of each edge on the path; length: of the path, at most 4; table:
# one bias per head, place on the path and edge type, trained.
mod graphormer_edges

buffer edge : i32[B, Sq, Skv, 4]
buffer length : i32[B, Sq, Skv]
buffer table : f32[Hq, 4, ?] grad

let steps = length[b, q_local, kv_local]
let path = sum(n in 0..4: (
    where(n < steps, table[h, n, edge[b, q_local, kv_local, n]], 0.0)
))
score = score + path / max(steps, 1)
