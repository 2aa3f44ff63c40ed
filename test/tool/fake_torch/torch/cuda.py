# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A GPU on which everything takes two milliseconds."""

import os


class Event:
    def __init__(self, enable_timing):
        assert enable_timing

    def record(self):
        pass

    def synchronize(self):
        pass

    def elapsed_time(self, end):
        return 2.0


def is_available():
    return "gpu" not in os.environ.get("FAKE_TORCH", "").split(",")


def _sleep(cycles):
    pass


def synchronize():
    pass


def empty_cache():
    pass


def get_device_name():
    return "fake"
