#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ptxas makes of the kernels: registers, spills, warnings.

Compiles mods of the library to PTX and gives that to `ptxas -v`, which needs no
GPU. Fails where ptxas refuses a kernel or warns of serialised matrix products
(C75xx), where a kernel calls a function that nobody defines, and where one of
the core list spills. Exits with 77, a skip, where there is no ptxas.

    ptxas_table.py build/release/bin/attn-jit                 the core list
    ptxas_table.py build/release/bin/attn-jit --all -o FILE   a table of more
"""

import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
USUAL_PTXAS = "/usr/local/cuda/bin/ptxas"

# Nothing of these may lie in memory instead of in registers.
CORE_MODS = (
    "no_mask",
    "causal",
    "sliding_window",
    "softcap",
    "alibi",
    "packed_documents",
)
CORE_HEAD_DIMS = ("64", "128")
CORE_TARGETS = ("sm_80", "sm_90")
# Loads for each pair, tables, long formulas, reductions, weights after the
# softmax, no softmax.
MORE_MODS = CORE_MODS + (
    "pair_bias",
    "relative_table",
    "t5_buckets",
    "bigbird",
    "documents",
    "natten_2d",
    "log_gelu",
    "sinks",
    "thresholded",
    "sigmoid_attention",
)
MORE_HEAD_DIMS = ("64", "80", "128", "192,128", "256")
MORE_TARGETS = ("sm_80", "sm_86", "sm_90", "sm_120")


@dataclasses.dataclass(frozen=True)
class Kernel:
    mod: str
    dtype: str
    head_dim: str
    entry: str
    target: str

    def name(self):
        return f"{self.mod} {self.dtype} D={self.head_dim} {self.entry} {self.target}"


@dataclasses.dataclass
class Result:
    kernel: Kernel
    refused: str = ""  # by attn-jit: not every kernel exists for every target
    errors: list = dataclasses.field(default_factory=list)
    registers: int = 0
    stores: int = 0  # bytes
    loads: int = 0
    stack: int = 0
    threads: int = 0
    ptx_bytes: int = 0
    cubin_bytes: int = 0
    ptxas_seconds: float = 0.0


def core_list():
    return [
        Kernel(mod, dtype, dim, "prefill", target)
        for target, mod, dim, dtype in itertools.product(
            CORE_TARGETS, CORE_MODS, CORE_HEAD_DIMS, ("bf16", "f16", "f32")
        )
    ]


def long_list():
    """Every mod at the common sizes, and plain kernels at all of them."""
    kernels = list(core_list())
    for target, mod, dim in itertools.product(
        CORE_TARGETS, MORE_MODS, CORE_HEAD_DIMS
    ):
        kernels += [
            Kernel(mod, "bf16", dim, "prefill", target),
            Kernel(mod, "bf16", dim, "decode", target),
            Kernel(mod, "f32", dim, "prefill", target),
            Kernel(mod, "f32", dim, "decode", target),
        ]
    for target, mod, dim in itertools.product(
        MORE_TARGETS, ("no_mask", "softcap"), MORE_HEAD_DIMS
    ):
        kernels.append(Kernel(mod, "bf16", dim, "prefill", target))
    return list(dict.fromkeys(kernels))


def number(pattern, text):
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0


def run(command):
    """A program that hangs ends with status 124, as `timeout` says it."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "no end after 300 s")


def measure(attn_jit, ptxas, kernel, directory):
    result = Result(kernel)
    ptx = pathlib.Path(directory) / (re.sub(r"\W+", "-", kernel.name()) + ".ptx")
    cubin = ptx.with_suffix(".cubin")
    command = [attn_jit, "compile", kernel.mod, "--head-dim", kernel.head_dim]
    command += ["--dtype", kernel.dtype, "--target", kernel.target]
    command += ["--entry", kernel.entry, "--emit", "asm", "-o", ptx]
    done = run(command)
    if done.returncode == 1:
        result.refused = done.stderr.strip().removeprefix("attn-jit: error: ")
        return result
    if done.returncode != 0:
        result.errors.append(f"attn-jit ended with {done.returncode}: {done.stderr}")
        return result
    text = ptx.read_text()
    result.ptx_bytes = len(text)
    result.threads = number(r"\.(?:req|max)ntid\s+(\d+)", text)
    for line in text.splitlines():
        if ".extern .func" in line:
            result.errors.append(f"nobody defines `{line.strip()}`")
    begin = time.monotonic()
    done = run([ptxas, f"-arch={kernel.target}", "-v", ptx, "-o", cubin])
    result.ptxas_seconds = time.monotonic() - begin
    said = done.stdout + done.stderr
    if done.returncode != 0:
        result.errors.append(f"ptxas refuses it: {said.strip()}")
        return result
    result.errors += re.findall(r".*\(C75\d\d\).*", said)
    result.registers = number(r"Used (\d+) registers", said)
    result.stores = number(r"(\d+) bytes spill stores", said)
    result.loads = number(r"(\d+) bytes spill loads", said)
    result.stack = number(r"(\d+) bytes stack frame", said)
    result.cubin_bytes = cubin.stat().st_size
    if not result.registers:
        result.errors.append(f"ptxas does not say how many registers: {said}")
    for file in (ptx, cubin):
        file.unlink()
    return result


def row(result):
    kernel = result.kernel
    cells = [kernel.mod, kernel.dtype, kernel.head_dim, kernel.entry, kernel.target]
    cells += [result.registers, result.threads, result.stores, result.loads]
    cells += [result.stack, f"{result.ptx_bytes / 1024:.0f}"]
    cells += [f"{result.cubin_bytes / 1024:.0f}", f"{result.ptxas_seconds:.1f}"]
    return "| " + " | ".join(map(str, cells)) + " |"


def table(results, version):
    made = [result for result in results if result.registers]
    refused = [result for result in results if result.refused]
    lines = [
        "# Registers of GPU kernels",
        "",
        "    tools/dev ptxas --all",
        "",
        f"by ptxas {version}, without a GPU. Spills and stack are bytes of one",
        "thread; its time is that of a machine where other programs run.",
        "",
        "| mod | type | D | entry | target | registers | threads | spill stores "
        "| spill loads | stack | PTX, KB | cubin, KB | ptxas, s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
        *map(row, made),
    ]
    if refused:
        lines += ["", "Not compiled:", ""]
        reasons = {}
        for result in refused:
            reasons.setdefault(result.refused, []).append(result.kernel)
        for reason, kernels in reasons.items():
            lines.append(f"- {len(kernels)} kernels, {kernels[0].name()} the first of")
            lines.append(f"  them: {reason}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("attn_jit", metavar="ATTN_JIT")
    parser.add_argument("--ptxas", default=None, metavar="FILE")
    parser.add_argument("--all", action="store_true", help="more than the core list")
    parser.add_argument("-o", "--out", metavar="FILE", help="where a table goes")
    parser.add_argument(
        "--spill-limit",
        type=int,
        default=0,
        metavar="BYTES",
        help="how much a kernel of the core list may spill a thread",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    ptxas = options.ptxas or shutil.which("ptxas")
    if not ptxas and os.access(USUAL_PTXAS, os.X_OK):
        ptxas = USUAL_PTXAS
    if not ptxas:
        print("[SKIP] there is no ptxas: it comes with the CUDA toolkit")
        return SKIPPED
    version = re.search(r"V([\d.]+)", run([ptxas, "--version"]).stdout).group(1)
    kernels = long_list() if options.all else core_list()
    core = set(core_list())
    with tempfile.TemporaryDirectory(prefix="attnjit-ptxas-") as directory:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(
                pool.map(
                    lambda kernel: measure(options.attn_jit, ptxas, kernel, directory),
                    kernels,
                )
            )
    failed = 0
    for result in results:
        errors = list(result.errors)
        if result.kernel in core:
            if result.refused:
                errors.append(f"not compiled: {result.refused}")
            if max(result.stores, result.loads) > options.spill_limit:
                errors.append(
                    f"spills {result.stores} bytes, reads {result.loads} back, "
                    f"with {result.registers} registers"
                )
        failed += bool(errors)
        for error in errors:
            print(f"FAILED {result.kernel.name()}: {error}")
    if options.out:
        pathlib.Path(options.out).write_text(table(results, version))
    made = sum(bool(result.registers) for result in results)
    refused = sum(bool(result.refused) for result in results)
    print(f"{made} kernels, {refused} not compiled, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
