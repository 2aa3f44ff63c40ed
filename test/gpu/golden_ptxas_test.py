#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""That the golden cases' PTX is what it should be.

Takes the file of GoldenGenerator. Each case's PTX must hold the instruction that
it is about, and ptxas must take it for the least GPU that has it and for sm_90,
without a warning that matrix products are serialised (C75xx). Exits with 77, a
skip, where there is no ptxas.

    golden_ptxas_test.py build/release/share/golden-instructions.json
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
USUAL_PTXAS = "/usr/local/cuda/bin/ptxas"
LIMIT_BYTES = 2 << 20
NEWER = 90
# What each module begins with after its target.
SHARED = ".extern .shared .align 1024 .b8 smem[];"


def find_ptxas():
    found = shutil.which("ptxas")
    return found or (USUAL_PTXAS if os.access(USUAL_PTXAS, os.X_OK) else None)


def holds(ptx, instruction):
    """As a whole word: `min.f32` is not in `min.NaN.f32`."""
    return re.search(rf"(?<![\w.%]){re.escape(instruction)}(?![\w.])", ptx)


def merged(cases):
    """One module of all kernels, numbered: ptxas takes a while to begin."""
    head, kernels = "", []
    for number, case in enumerate(cases):
        head, body = case["ptx"].split(SHARED)
        kernels.append(body.replace("golden", f"golden{number}"))
    return head + SHARED + "".join(kernels)


def complaints(ptxas, ptx, sm):
    """What ptxas says against a module."""
    with tempfile.TemporaryDirectory(prefix="attnjit-golden-") as directory:
        source = pathlib.Path(directory) / "golden.ptx"
        source.write_text(ptx)
        command = [ptxas, f"-arch=sm_{sm}", source, "-o", source.with_suffix(".cubin")]
        done = subprocess.run(command, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode != 0:
        return [f"ptxas refuses it for sm_{sm}: {said.strip()}"]
    return [f"for sm_{sm}: {line}" for line in re.findall(r".*\(C75\d\d\).*", said)]


def assemble(ptxas, cases):
    """Pairs of a case's name and what is wrong with it."""
    for least in sorted({case["sm"] for case in cases}):
        group = [case for case in cases if case["sm"] == least]
        for sm in sorted({least, NEWER}):
            together = complaints(ptxas, merged(group), sm)
            if not together:
                continue
            alone = [
                (case["name"], error)
                for case in group
                for error in complaints(ptxas, case["ptx"], sm)
            ]
            yield from alone or [("all of them", error) for error in together]


def main():
    path = pathlib.Path(sys.argv[1])
    cases = json.loads(path.read_text())["cases"]
    ptxas = find_ptxas()
    failures = [
        (case["name"], f"there is no `{case['instruction']}` in its PTX")
        for case in cases
        if not holds(case["ptx"], case["instruction"])
    ]
    if path.stat().st_size > LIMIT_BYTES:
        failures.append((path, "more than 2 MiB"))
    if ptxas:
        failures += assemble(ptxas, cases)
    for name, error in failures:
        print(f"FAILED {name}: {error}")
    print(f"{len(cases)} cases, {len(failures)} failed")
    if failures:
        return 1
    if not ptxas:
        print("[SKIP] there is no ptxas: it comes with the CUDA toolkit")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
