# Positions see those of adjacent cells: edge[cell[q], cell[kv]].
# cell: of each position; edge: the adjacency of cells.
mod graph_cells

buffer cell : i32[?]
buffer edge : bool[?, ?]

mask = edge[cell[q], cell[kv]]
