# The score as it is: the scaled product of query and key.
mod identity

score = score
