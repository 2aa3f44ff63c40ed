# Adds the distance, at most `limit`: score + min(|q - kv|, limit).
mod clamped_relative

param limit : i32 = 256

score = score + min(abs(q - kv), limit)
