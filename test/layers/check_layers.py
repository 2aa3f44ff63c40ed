#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the floors of docs/architecture.md.

Takes the repository's root, reads the #include lines of include/attnjit and
lib, and fails with file, line and rule for each that leads to a folder which
does not stand below. Also: nothing that attnjit/attnjit.h reaches, and nothing
that is installed, includes LLVM, MLIR or a folder that is not installed.
"""

import pathlib
import re
import sys

# Folder -> the folders of ours that it may include besides itself, and what
# they may include.
FLOORS = {
    "Support": [],
    "ABI": [],
    "Expr": ["Support"],
    "Spec": ["ABI", "Support"],
    "Cache": ["Support"],
    "Runtime": ["ABI", "Support"],
    "Text": ["Expr"],
    "Mods": ["Text"],
    "Analysis": ["Expr"],
    "Reference": ["Expr", "Spec", "Runtime"],
    "Dialect": ["Support"],
    "Frontend": ["Dialect", "Analysis", "Spec"],
    "Target/Common": ["Frontend", "ABI"],
    "Target/CPU": ["Target/Common"],
    "Target/NVPTX": ["Target/Common"],
    "Engine": ["Target/CPU", "Target/NVPTX", "Text", "Cache", "Runtime", "Reference"],
}
# Folders that may include LLVM and MLIR; none of them is installed, but for
# the Engine's header, which hides them.
NOT_INSTALLED = {"Dialect", "Frontend", "Target/Common", "Target/CPU",
                 "Target/NVPTX"}
COMPILER = NOT_INSTALLED | {"Engine"}
# The only door to the JIT linker.
ORC_FOLDER = "Engine"

INCLUDE = re.compile(r'\s*#\s*include\s*[<"]([^>"]+)[>"]')


def reachable(folder):
    found = {folder}
    for below in FLOORS[folder]:
        found |= reachable(below)
    return found


def includes(file):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match.group(1)


def is_llvm(header):
    return header.startswith(("llvm/", "mlir/", "llvm-c/", "mlir-c/"))


def folder_in(parts):
    """The folder of a path below include/attnjit or lib: its first part; each
    target is a folder of its own."""
    return "/".join(parts[:2] if parts[0] == "Target" else parts[:1])


def folder_of(header):
    """The folder of ours that `attnjit/Folder/...` names, else nothing."""
    parts = header.split("/")
    if parts[0] != "attnjit" or len(parts) < 3:
        return None
    return folder_in(parts[1:])


def check_file(file, name, folder, installed):
    """Yields a complaint for each #include that breaks a rule."""
    below = reachable(folder)
    for number, header in includes(file):
        where = f"{name}:{number}: `{header}`"
        target = folder_of(header)
        if target is not None and target not in FLOORS:
            yield f"{where}: no folder `{target}` in the table of floors"
        elif target is not None and target not in below:
            allowed = ", ".join(sorted(below - {folder})) or "nothing of ours"
            yield f"{where}: {folder} may include {allowed}"
        elif header == "attnjit/attnjit.h":
            yield f"{where}: for users of the library, not for its parts"
        if is_llvm(header) and folder not in COMPILER:
            yield f"{where}: {folder} includes neither LLVM nor MLIR"
        if "ExecutionEngine/" in header and folder != ORC_FOLDER:
            yield f"{where}: only {ORC_FOLDER} includes the JIT linker"
        if installed and (is_llvm(header) or target in NOT_INSTALLED):
            yield f"{where}: an installed header includes only installed ones"


def check_tree(root):
    for top, is_public in (("include/attnjit", True), ("lib", False)):
        base = root / top
        for file in sorted(base.rglob("*")):
            if file.suffix not in (".h", ".cpp", ".def", ".inc"):
                continue
            parts = file.relative_to(base).parts
            name = str(file.relative_to(root))
            if len(parts) == 1:
                continue  # the umbrella header
            folder = folder_in(parts)
            if folder not in FLOORS:
                yield f"{name}: no folder `{folder}` in the table of floors"
                continue
            installed = is_public and folder not in NOT_INSTALLED
            yield from check_file(file, name, folder, installed)


def check_umbrella(root):
    """Follows attnjit.h: every header of ours is reached from it, none of
    LLVM."""
    pending, seen = ["attnjit/attnjit.h"], set()
    while pending:
        header = pending.pop()
        file = root / "include" / header
        if header in seen or not file.exists():
            continue
        seen.add(header)
        for number, included in includes(file):
            if is_llvm(included):
                yield (f"include/{header}:{number}: `{included}`: reached "
                       "from attnjit/attnjit.h, which includes no LLVM")
            pending.append(included)


def main():
    root = pathlib.Path(sys.argv[1])
    complaints = list(check_tree(root)) + list(check_umbrella(root))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
