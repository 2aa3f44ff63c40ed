mask = q
score = kvv
