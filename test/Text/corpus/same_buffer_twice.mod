# One bias per position, for the query and for the key, and one per head and
# batch.
# position, head, batch: biases, trained.
mod same_buffer_twice

buffer position : f32[?] grad
buffer head : f32[Hq] grad
buffer batch : f32[B] grad

score = score + position[q] + position[kv] + head[h] + batch[b]
