# a comment with ˇ in it
mask = q >= kv√(
let good = q
