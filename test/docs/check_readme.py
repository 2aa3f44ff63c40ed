#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""README.md shows the example that is built and run, word for word.

Takes the repository's root. Every file of docs/examples that README.md names
in a comment `<!-- docs/examples/... -->` must follow it as a code block.
"""

import pathlib
import re
import sys

BLOCK = re.compile(
    r"<!-- (docs/examples/[^ ]+) -->\n+```[a-z+]*\n(.*?)```", re.DOTALL)
REQUIRED = {
    "docs/examples/readme/example.cpp",
    "docs/examples/readme/output.txt",
}


def main():
    root = pathlib.Path(sys.argv[1])
    blocks = dict(BLOCK.findall((root / "README.md").read_text()))
    problems = [f"README.md does not show {name}"
                for name in sorted(REQUIRED - blocks.keys())]
    for name, text in blocks.items():
        if (root / name).read_text() != text:
            problems.append(f"README.md shows {name}, but not as it is")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
