#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Says in plain words what `tools/dev demo` measured.

Takes the folder with cold.json, bench.json and warm.json as the tool wrote
them; exits with 1 where the demo did not show what it is there to show.
"""

import json
import pathlib
import sys


def main():
    folder = pathlib.Path(sys.argv[1])
    cold, bench, warm = (
        json.loads((folder / f"{name}.json").read_text())
        for name in ("cold", "bench", "warm"))
    check = cold["check"]
    print(f"correct:  largest error {check['max_abs_err']:.2e} against f64, "
          f"{check['worst_bound_ratio']:.0%} of the allowed error, "
          f"{check['rows_checked']} rows checked")
    print(f"speed:    {bench['gflops_best']:.0f} GFLOP/s on the pairs that the "
          f"mask keeps ({bench['kept_fraction']:.0%}), "
          f"{bench['peak_share_best']:.0%} of the measured FMA peak "
          f"({bench['peak_gflops']:.0f} GFLOP/s, {bench['threads']} threads); "
          f"{bench['min_ms']:.1f} ms a run")
    print(f"compiled: in {cold['compile_ms']:.0f} ms, by the first process")
    print(f"cached:   the second process had the kernel after "
          f"{warm['compile_ms']:.1f} ms from {warm['cache']}")
    problems = []
    if not check["ok"]:
        problems.append("the error is beyond its bound")
    if cold["cache"] != "miss":
        problems.append("the first process did not compile")
    if warm["cache"] != "disk":
        problems.append("the second process did not use the disk cache")
    for problem in problems:
        print(f"PROBLEM:  {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
