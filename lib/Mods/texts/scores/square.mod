# The square of the score: score * score.
mod square

score = score * score
