# Keys from position `first[q]` on, itself included: kv >= first[q].
# first: for each position of a query.
mod key_threshold

buffer first : i32[?]

mask = kv >= first[q]
