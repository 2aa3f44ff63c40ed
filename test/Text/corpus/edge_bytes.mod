# The mean of learned biases along the path between two nodes.
# edge: type of each edge on the path; length: of the path; table: one bias per
# place on the path and edge type, trained.
mod edge_bytes

buffer edge : u8[B, Sq, Skv, 4]
buffer length : i32[B, Sq, Skv] in [0, 4]
buffer table : f32[4, 256] grad

let steps = length[b, q_local, kv_local]
let path = sum(n in 0..4: where(n < steps, table[n, edge[b, q_local, kv_local, n]], 0.0))
score = score + path / max(steps, 1)
