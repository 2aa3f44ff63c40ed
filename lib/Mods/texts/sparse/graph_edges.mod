# Node q sees node kv where the graph has an edge from q to kv.
# edge: the adjacency of positions.
mod graph_edges

buffer edge : bool[?, ?]

mask = edge[q, kv]
