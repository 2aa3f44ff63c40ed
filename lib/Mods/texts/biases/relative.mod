# Adds the signed distance: score + (q - kv).
mod relative

score = score + (q - kv)
