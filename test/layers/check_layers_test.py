#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layers check finds what it is there to find."""

import pathlib
import tempfile
import unittest

import check_layers


class CheckLayersTest(unittest.TestCase):
    def complaints(self, files):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / "lib").mkdir()
            (root / "include/attnjit").mkdir(parents=True)
            for name, text in files.items():
                file = root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            tree = list(check_layers.check_tree(root))
            return tree + list(check_layers.check_umbrella(root))

    def test_accepts_what_stands_below(self):
        self.assertEqual([], self.complaints({
            "lib/Text/Parser.cpp":
                '#include "attnjit/Expr/Expr.h"\n'
                '#include "attnjit/Support/Error.h"\n#include <vector>\n',
            "lib/Frontend/X.cpp": '#include "mlir/IR/Builders.h"\n',
            "include/attnjit/Dialect/A.h": '#include "mlir/IR/Dialect.h"\n',
        }))

    def assert_one(self, expected, files):
        found = self.complaints(files)
        self.assertEqual(1, len(found), found)
        self.assertIn(expected, found[0])

    def test_finds_a_higher_floor(self):
        self.assert_one(
            "lib/Expr/A.cpp:2: `attnjit/Text/Parser.h`: Expr may include",
            {"lib/Expr/A.cpp": '\n  #  include "attnjit/Text/Parser.h"\n'})

    def test_finds_a_neighbour(self):
        self.assert_one("Cache may include Support", {
            "lib/Cache/A.cpp": '#include <attnjit/Runtime/Tensor.h>\n'})

    def test_finds_a_target_behind_what_targets_share(self):
        self.assert_one("Target/Common may include", {
            "lib/Target/Common/A.cpp":
                '#include "attnjit/Target/CPU/Passes.h"\n'})

    def test_finds_llvm_below_the_compiler(self):
        self.assert_one("neither LLVM nor MLIR", {
            "lib/Expr/A.h": '#include "llvm/ADT/DenseMap.h"\n'})

    def test_finds_the_linker_outside_the_engine(self):
        self.assert_one("JIT linker", {
            "lib/Target/CPU/A.cpp":
                '#include "llvm/ExecutionEngine/Orc/LLJIT.h"\n'})

    def test_finds_llvm_in_an_installed_header(self):
        self.assert_one("installed", {
            "include/attnjit/Engine/A.h": '#include "llvm/IR/Module.h"\n'})

    def test_finds_an_unknown_folder(self):
        self.assert_one("no folder `Misc`", {"lib/Misc/A.cpp": ""})

    def test_finds_llvm_behind_the_umbrella(self):
        found = self.complaints({
            "include/attnjit/attnjit.h": '#include "attnjit/Engine/A.h"\n',
            "include/attnjit/Engine/A.h": '#include "attnjit/Engine/B.h"\n',
            "include/attnjit/Engine/B.h": '#include "mlir/IR/Builders.h"\n',
        })
        self.assertTrue(
            any("reached from attnjit/attnjit.h" in line for line in found))


if __name__ == "__main__":
    unittest.main()
