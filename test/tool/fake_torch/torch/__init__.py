# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""As much of PyTorch as gpu_peers.py meets, without a GPU.

Tensors know their shape and size and compute nothing. Every measured time is
that of `Event.elapsed_time`. FAKE_TORCH names what is to fail.
"""

import contextlib
import os

from . import cuda, nn, version

__version__ = "0.0-fake"
bfloat16, float16, float32, int8 = "bf16", "f16", "f32", "i8"

print("a library that prints where answers go")


def fails(what):
    return what in os.environ.get("FAKE_TORCH", "").split(",")


class Tensor:
    def __init__(self, *shape):
        self.shape = shape

    def numel(self):
        size = 1
        for extent in self.shape:
            size *= extent
        return size

    def copy_(self, other):
        assert other.numel() == self.numel()
        return self

    def to(self, device):
        assert device == "cuda"
        return self

    def __len__(self):
        return self.shape[0]


def randn(*shape, dtype, device):
    assert device == "cuda" and dtype in (bfloat16, float16, float32)
    if fails("memory"):
        raise MemoryError("CUDA out of memory")
    return Tensor(*shape)


def empty(count, dtype, device):
    return Tensor(count)


def empty_like(other):
    return Tensor(*other.shape)


def tensor(values, device="cpu"):
    return Tensor(len(values))


def arange(count):
    return Tensor(count)


def repeat_interleave(values, counts):
    assert len(values) == len(counts)
    return Tensor(len(counts))


def no_grad():
    return contextlib.nullcontext()


def compile(function, dynamic):
    assert dynamic is False
    return function
