# A bias for the distance of two nodes in a graph: table[h, distance[b, q, kv]].
# distance: between each two nodes of each graph; table: one bias per head and
# distance, trained.
mod graphormer_spatial

buffer distance : i32[B, Sq, Skv]
buffer table : f32[Hq, ?] grad

score = score + table[h, distance[b, q_local, kv_local]]
