#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reports as one of GoogleTest's programs would: two tests that pass, and one
that is skipped. Notes its name and its part in the file `runs` beside it.

FAKE_TOOL: words of what goes wrong: `crash-part=INDEX`, `fail-part=INDEX`.
"""

import json
import os
import pathlib
import signal
import sys

WORDS = os.environ.get("FAKE_TOOL", "").split()
PROGRAM = pathlib.Path(sys.argv[0])
PART = os.environ.get("GTEST_SHARD_INDEX")

run = {
    "program": PROGRAM.name,
    "target": os.environ.get("ATTNJIT_TEST_TARGET"),
    "total": os.environ.get("GTEST_TOTAL_SHARDS"),
    "index": PART,
}
with open(PROGRAM.parent / "runs", "a") as file:
    file.write(json.dumps(run) + "\n")
if f"crash-part={PART}" in WORDS:
    os.kill(os.getpid(), signal.SIGSEGV)
tests = [
    {"name": "One", "status": "RUN", "result": "COMPLETED"},
    {"name": "Two", "status": "RUN", "result": "COMPLETED"},
    {"name": "Three", "status": "RUN", "result": "SKIPPED"},
]
if f"fail-part={PART}" in WORDS:
    tests[1]["failures"] = [{"failure": f"it is {PART}"}]
(report,) = [a for a in sys.argv if a.startswith("--gtest_output=json:")]
with open(report.partition(":")[2], "w") as file:
    json.dump({"testsuites": [{"name": "Suite", "testsuite": tests}]}, file)
