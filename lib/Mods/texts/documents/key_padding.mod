# The first `kv_len[b]` keys of each batch: kv < kv_len[b].
# kv_len: how many keys of each batch are real.
mod key_padding

buffer kv_len : i32[B]

mask = kv < kv_len[b]
