//===- DiagnosticsTest.cpp - Every diagnostic has a case ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each test/Text/diagnostics/NAME.mod stands beside a NAME.expected with all
// that is said about it. Kinds that only large texts meet have a case here.
// With ATTNJIT_UPDATE_EXPECTED in the environment the expected files are
// written instead of compared.
//
//===----------------------------------------------------------------------===//

#include "TextTesting.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

using namespace attnjit;
using namespace attnjit::test;

static ParseResult parseCase(const std::filesystem::path &path,
                             const std::string &text) {
  return parseMod(text, useFromDirectory(path.parent_path()));
}

TEST(Diagnostics, AreAsExpected) {
  bool updates = std::getenv("ATTNJIT_UPDATE_EXPECTED") != nullptr;
  for (const std::filesystem::path &path : modFiles("diagnostics")) {
    std::string text = readFile(path);
    ParseResult result = parseCase(path, text);
    EXPECT_FALSE(result.program.has_value()) << path;
    std::string said =
        render(result.diagnostics, path.filename().string(), text);
    std::filesystem::path expected = path;
    expected.replace_extension(".expected");
    if (updates)
      std::ofstream(expected, std::ios::binary) << said;
    EXPECT_EQ(said, readFile(expected)) << path;
  }
}

/// A file that says only something else than what it is named after is a case
/// of nothing.
TEST(Diagnostics, CasesAreNamedAfterTheirKind) {
  for (const std::filesystem::path &path : modFiles("diagnostics")) {
    std::set<std::string> kinds;
    for (const Diagnostic &diagnostic :
         parseCase(path, readFile(path)).diagnostics)
      kinds.emplace(name(diagnostic.kind));
    EXPECT_TRUE(kinds.contains(path.stem().string())) << path;
  }
}

static std::string repeat(std::string_view part, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += part;
  return text;
}

/// Sums of different products, a node or more each.
static std::string manyNodes(int lines) {
  std::string text;
  for (int line = 0; line < lines; ++line) {
    text += "score = score";
    for (int i = 0; i < 300; ++i)
      text += " + q * " + std::to_string(line * 300 + i);
    text += "\n";
    if (line % 3 == 2) // a sum of sums, so that it is not too deep
      text += "let s" + std::to_string(line) + " = score\nscore = 0.0\n";
  }
  text += "score = score";
  for (int line = 2; line < lines; line += 3)
    text += " + s" + std::to_string(line);
  return text + "\n";
}

static std::vector<std::pair<DiagnosticKind, std::string>> largeCases() {
  // A body of 600 nodes, substituted in every line of a large file.
  std::string expanding = "def f(x : i32) = x" + repeat(" * q + x", 290) + "\n";
  for (int i = 0; i < 40000; ++i)
    expanding +=
        "let x" + std::to_string(i) + " = f(" + std::to_string(i) + ")\n";
  return {
      {DiagnosticKind::FileTooLarge, repeat("# a comment\n", 100000)},
      {DiagnosticKind::TooManyErrors, repeat("let 1\n", 1500)},
      {DiagnosticKind::ProgramTooLarge, expanding},
      {DiagnosticKind::InvalidProgram, manyNodes(120)},
  };
}

TEST(Diagnostics, LargeTextsAreRefused) {
  for (const auto &[kind, text] : largeCases()) {
    std::vector<Diagnostic> found = parseMod(text).diagnostics;
    EXPECT_TRUE(std::ranges::any_of(
        found, [&, kind = kind](const auto &d) { return d.kind == kind; }))
        << name(kind) << (found.empty() ? "" : ": " + found[0].message);
    EXPECT_LE(found.size(), 1001u);
  }
}

TEST(Diagnostics, EveryKindHasACase) {
  std::set<std::string> covered;
  for (const std::filesystem::path &path : modFiles("diagnostics"))
    covered.insert(path.stem().string());
  for (const auto &[kind, text] : largeCases())
    covered.emplace(name(kind));
  for (const char *kind : {
#define ATTNJIT_DIAGNOSTIC(Name) #Name,
#include "attnjit/Support/Diagnostics.def"
       })
    EXPECT_TRUE(covered.contains(kind))
        << kind << " needs a file test/Text/diagnostics/" << kind << ".mod";
}

TEST(Diagnostics, AreWordedAlike) {
  for (const std::filesystem::path &path : modFiles("diagnostics"))
    for (const Diagnostic &diagnostic :
         parseCase(path, readFile(path)).diagnostics)
      for (const std::string &text : {diagnostic.message, diagnostic.hint}) {
        EXPECT_FALSE(text.ends_with('.')) << text;
        EXPECT_FALSE(!text.empty() && text[0] >= 'A' && text[0] <= 'Z') << text;
      }
}
