# The score times 2 for keys at most `radius` away on either side.
mod local_boost

param radius : i32 = 8

score = 2 * score if abs(q - kv) <= radius else score
