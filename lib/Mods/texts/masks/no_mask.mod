# Every query sees every key.
mod no_mask

mask = true
