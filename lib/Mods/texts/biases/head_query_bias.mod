# A bias for each head and one for each query: score + head[h] + query[q_local].
# head, query: trained.
mod head_query_bias

buffer head : f32[Hq] grad
buffer query : f32[Sq] grad

score = score + head[h] + query[q_local]
