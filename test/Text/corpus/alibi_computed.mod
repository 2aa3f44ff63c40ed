# ALiBi with slopes 2^(-8 (h + 1) / Hq) computed from the head, no mask.
mod alibi_computed

score = score + (kv - q) * exp2(-8.0 * (h + 1) / Hq)
