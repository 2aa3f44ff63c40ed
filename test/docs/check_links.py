#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every link between the pages leads somewhere, every page is in the index.

Takes the repository's root; reads README.md, CHANGELOG.md and docs/.
"""

import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def links(page):
    in_code = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        in_code ^= line.startswith("```")
        for target in [] if in_code else LINK.findall(line):
            if "://" not in target:
                yield number, target


def main():
    root = pathlib.Path(sys.argv[1])
    pages = [root / "README.md", root / "CHANGELOG.md"]
    pages += sorted((root / "docs").rglob("*.md"))
    problems = []
    linked = set()
    for page in pages:
        for number, target in links(page):
            file = (page.parent / target).resolve()
            linked.add(file)
            if not file.exists():
                name = page.relative_to(root)
                problems.append(f"{name}:{number}: no `{target}`")
    index = {(root / "docs" / target).resolve()
             for _, target in links(root / "docs/README.md")}
    for page in sorted((root / "docs").glob("*.md")):
        if page.name != "README.md" and page.resolve() not in index:
            problems.append(f"docs/README.md does not lead to {page.name}")
    for page in sorted((root / "docs/decisions").glob("[0-9]*.md")):
        if page.resolve() not in linked:
            problems.append(f"docs/decisions/README.md misses {page.name}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
