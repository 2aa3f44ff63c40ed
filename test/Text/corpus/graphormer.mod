# A learned bias for the distance of two nodes in a graph.
# distance: between each two nodes of each graph; table: one bias per head and
# distance, trained.
mod graphormer

buffer distance : i32[B, Sq, Skv] in [0, 15]
buffer table : f32[Hq, 16] grad

score = score + table[h, distance[b, q_local, kv_local]]
