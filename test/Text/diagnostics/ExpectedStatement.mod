dist = q - kv
scroe = score
(q)
causal
if q > kv
