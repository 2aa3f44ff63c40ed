# Keys before the end of the query's frame, the end excluded: kv < ends[q].
# ends: for each position, the one past the last of its frame.
mod frame_causal

buffer ends : i32[?]

mask = kv < ends[q]
