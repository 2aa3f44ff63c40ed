//===- TextTesting.h - Helpers of the tests of Text -------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes names of files below test/Text, or text; gives what a test wants to
// look at.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_TEXT_TEXTTESTING_H
#define ATTNJIT_TEST_UNIT_TEXT_TEXTTESTING_H

#include "attnjit/Text/Parser.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attnjit::test {

/// A folder of test/Text.
std::filesystem::path textDirectory(std::string_view folder);

std::string readFile(const std::filesystem::path &path);

/// The .mod files directly in a folder of test/Text, sorted.
std::vector<std::filesystem::path> modFiles(std::string_view folder);

/// Finds `use "FILE"` in `directory`, and `use NAME` as NAME.mod in it.
ParseOptions useFromDirectory(std::filesystem::path directory);

/// Finds a `use` of either form among the given names and texts.
ParseOptions
useFrom(std::vector<std::pair<std::string, std::string>> namesAndTexts);

/// The mod; diagnostics are failures of the test, and give the identity.
ModProgram parse(std::string_view text, const ParseOptions &options = {});

/// The kinds of the diagnostics of `text`, in order.
std::vector<std::string> kindsOf(std::string_view text,
                                 const ParseOptions &options = {});

/// The `score` of a mod that consists of `statements`.
inline Expr scoreOf(const std::string &statements) {
  return parse(statements).score();
}
/// As above, for `mask`.
inline Expr maskOf(const std::string &statements) {
  return parse(statements).mask();
}

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_TEXT_TEXTTESTING_H
