# alibi_signed with slopes 2^(-8 (h + 1) / Hq) computed from the head.
# The slopes of the paper where Hq is a power of two. Hq counts all shards.
mod alibi_computed

score = score + exp2(-8.0 * (h + 1) / Hq_global) * (kv - q)
