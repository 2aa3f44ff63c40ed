# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from . import attention


def scaled_dot_product_attention(q, k, v, is_causal, enable_gqa):
    if attention.current == attention.SDPBackend.CUDNN_ATTENTION:
        raise RuntimeError("no available kernel\nand more")
    assert enable_gqa == (q.shape[1] != k.shape[1])
    return q
