# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import os


def create_block_mask(mask_mod, B, H, Q_LEN, KV_LEN, device):
    assert callable(mask_mod) and device == "cuda"
    return (Q_LEN, KV_LEN)


def flex_attention(q, k, v, score_mod, block_mask, enable_gqa, kernel_options):
    if "hang" in os.environ.get("FAKE_TORCH", "").split(","):
        import time

        time.sleep(3600)
    if block_mask:
        assert block_mask == (q.shape[2], k.shape[2])
    return q
