let dist = q - kv
mask = dsit < 4
score = score + slope[h]
let x = qq + kv_indx
let y = x + 1
mask = zzz.mask
