# Queries whose number is not negative see all keys, the others none.
# number: for each position of a query.
mod marked_queries

buffer number : f32[?]

mask = number[q] >= 0
