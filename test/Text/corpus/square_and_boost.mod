# The squared score, and twice the score near the diagonal.
mod square_and_boost

const near : i32 = 8

score = score * score
score = 2 * score if abs(q - kv) <= near else score
