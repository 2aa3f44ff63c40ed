# The squared score, and twice the score near the diagonal.
mod square

const near : i32 = 8

score = score * score
score = 2 * score if abs(q - kv) <= near else score
