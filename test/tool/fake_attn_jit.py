#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Answers as attn-jit would on a machine with a GPU.

FAKE_TOOL: words of what goes wrong: `no-gpu`; `check=MOD`, `crash=MOD`,
`hang=MOD`, `garbage=MOD` for runs of that mod.
"""

import json
import os
import signal
import sys
import time

WORDS = os.environ.get("FAKE_TOOL", "").split()
GPU = {"name": "Fake GPU 80GB (TM)", "sm": "sm_90", "memory_bytes": 1}


def main():
    verb, mod = sys.argv[1], sys.argv[2]
    assert sys.argv[-1] == "--json" or "--json" in sys.argv
    if verb == "target":
        gpus = [] if "no-gpu" in WORDS else [GPU]
        return {"cpu": {}, "gpus": gpus, "driver": "CUDA 13.0", "driver_version": "580.1"}
    if verb == "mods":
        return {"mods": [{"name": "relative"}, {"name": "sigmoid_attention"}]}
    if f"crash={mod}" in WORDS:
        os.kill(os.getpid(), signal.SIGSEGV)
    if f"hang={mod}" in WORDS:
        time.sleep(3600)
    if f"garbage={mod}" in WORDS:
        return None
    if f"check={mod}" in WORDS:
        print("check: FAILED\n  row 3 is off by 2", file=sys.stderr)
        sys.exit(1)
    if verb == "run":
        assert "--check" in sys.argv
        return {"check": {"ok": True}}
    assert verb == "bench" and "--seconds" in sys.argv
    cache = sys.argv[sys.argv.index("--cache-dir") + 1]
    os.makedirs(cache, exist_ok=True)
    known = os.path.join(cache, mod)
    source = "disk" if os.path.exists(known) else "miss"
    open(known, "w").close()
    return {
        "target": "sm_80",
        "min_ms": 0.9,
        "median_ms": 1.0 if source == "miss" else 3.0,
        "kept_fraction": 0.5,
        "cache": source,
        "compile_ms": 10,
    }


print(json.dumps(main()))
