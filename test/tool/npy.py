# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NumPy's .npy format without NumPy, for tests: nested lists in and out."""

import itertools
import math
import struct

# "<V2" is bfloat16 as ml_dtypes writes it; here its bits, as in "<u2".
FORMATS = {
    "<f4": "f", "<f2": "e", "<V2": "H", "<u2": "H",
    "<i4": "i", "<i8": "q", "|u1": "B", "|b1": "?",
}  # fmt: skip


def encode(shape, values, descr="<f4", order="False", shape_text=None):
    """The bytes of a file; `values` are flat and row-major."""
    dims = "".join(f"{n}, " for n in shape)
    header = (
        f"{{'descr': '{descr}', 'fortran_order': {order}, "
        f"'shape': {shape_text or f'({dims})'}, }}\n"
    ).encode()
    data = struct.pack(f"<{len(values)}{FORMATS.get(descr, 'f')}", *values)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def write(path, shape, values, descr="<f4"):
    assert math.prod(shape) == len(values)
    path.write_bytes(encode(shape, values, descr))


def read(path):
    """(descr, shape, flat values) of a version 1 file."""
    data = path.read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    (length,) = struct.unpack("<H", data[8:10])
    # A dictionary of literals that the tool wrote.
    header = eval(data[10 : 10 + length], {})
    assert header["fortran_order"] is False
    shape, descr = header["shape"], header["descr"]
    count = math.prod(shape)
    values = struct.unpack(f"<{count}{FORMATS[descr]}", data[10 + length :])
    return descr, shape, list(values)


def to_bfloat16(value):
    """The bits of a number, rounded to the nearest even one."""
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


def from_bfloat16(bits):
    return struct.unpack("<f", struct.pack("<I", bits << 16))[0]


def indices(*sizes):
    return itertools.product(*map(range, sizes))
