# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import contextlib
import enum

current = None


class SDPBackend(enum.Enum):
    FLASH_ATTENTION = 1
    CUDNN_ATTENTION = 2


@contextlib.contextmanager
def sdpa_kernel(backend):
    global current
    current = backend
    try:
        yield
    finally:
        current = None
