# Keys up to the query's own position, itself included: kv <= q.
mod causal

mask = q >= kv
