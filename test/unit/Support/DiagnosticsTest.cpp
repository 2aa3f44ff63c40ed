//===- DiagnosticsTest.cpp - Rendering under the source -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each case states the whole text; hostile sources are only asked for
// printable, aligned output.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/Diagnostics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace attnjit;

namespace {

std::string renderAt(std::string_view source, uint32_t begin, uint32_t end,
                     std::string hint = "") {
  Diagnostic diagnostic{
      DiagnosticKind(0), {begin, end}, "message", std::move(hint)};
  return render(diagnostic, "f.mod", source);
}

TEST(Diagnostics, PointsAtASpan) {
  EXPECT_EQ(renderAt("mask = q >= kv\nscore = foo + 1\n", 23, 26, "declare it"),
            "f.mod:2:9: error: message\n"
            "  score = foo + 1\n"
            "          ^~~\n"
            "  hint: declare it\n");
}

TEST(Diagnostics, EmptySpansHaveACaret) {
  EXPECT_EQ(renderAt("ab\ncd", 1, 1),
            "f.mod:1:2: error: message\n  ab\n   ^\n");
  EXPECT_EQ(renderAt("", 0, 0), "f.mod:1:1: error: message\n  \n  ^\n");
}

TEST(Diagnostics, TheLineEndIsAPlace) {
  EXPECT_EQ(renderAt("ab\ncd\n", 2, 3),
            "f.mod:1:3: error: message\n  ab\n    ^\n");
  EXPECT_EQ(renderAt("ab\r\ncd", 2, 3),
            "f.mod:1:3: error: message\n  ab\n    ^\n");
}

TEST(Diagnostics, SpansPastTheEndAreClamped) {
  EXPECT_EQ(renderAt("ab\ncd", 4, 900),
            "f.mod:2:2: error: message\n  cd\n   ^\n");
  EXPECT_EQ(renderAt("ab\ncd", 700, 900),
            "f.mod:2:3: error: message\n  cd\n    ^\n");
  EXPECT_EQ(renderAt("ab", 1, 0), "f.mod:1:2: error: message\n  ab\n   ^\n");
}

TEST(Diagnostics, SpansOverLinesShowTheFirst) {
  EXPECT_EQ(renderAt("abc\ndef", 1, 6),
            "f.mod:1:2: error: message\n  abc\n   ^~\n");
}

TEST(Diagnostics, TabsAreOneColumn) {
  EXPECT_EQ(renderAt("\ta\tb", 3, 4),
            "f.mod:1:4: error: message\n   a b\n     ^\n");
}

TEST(Diagnostics, ColumnsAreCodePoints) {
  EXPECT_EQ(renderAt("\u00e4\u20ac\U0001F600x", 9, 10),
            "f.mod:1:4: error: message\n  \u00e4\u20ac\U0001F600x\n     ^\n");
  // Inside a code point: all of it.
  EXPECT_EQ(renderAt("\u20acx", 1, 2),
            "f.mod:1:1: error: message\n  \u20acx\n  ^\n");
}

TEST(Diagnostics, EscapesWhatCannotBeShown) {
  EXPECT_EQ(renderAt(std::string_view("a\0b", 3), 1, 2),
            "f.mod:1:2: error: message\n  a\\x00b\n   ^~~~\n");
  EXPECT_EQ(renderAt("\x1b[31m\xff|", 6, 7),
            "f.mod:1:7: error: message\n  \\x1b[31m\\xff|\n"
            "              ^\n");
  // A direction override would show the line in another order.
  EXPECT_EQ(renderAt("\u202ex", 3, 4),
            "f.mod:1:2: error: message\n  \\xe2\\x80\\xaex\n              ^\n");
  // Surrogates and overlong forms are no UTF-8.
  EXPECT_EQ(renderAt("\xed\xa0\x80", 0, 1),
            "f.mod:1:1: error: message\n  \\xed\\xa0\\x80\n  ^~~~\n");
  EXPECT_EQ(renderAt("\xc0\xaf", 0, 1),
            "f.mod:1:1: error: message\n  \\xc0\\xaf\n  ^~~~\n");
}

TEST(Diagnostics, LongLinesAreCut) {
  std::string source(100000, 'x');
  std::string text = renderAt(source, 50000, 50003);
  EXPECT_LT(text.size(), 600u);
  EXPECT_NE(text.find("f.mod:1:50001: error"), std::string::npos);
  EXPECT_NE(text.find("  ...xxx"), std::string::npos);
  EXPECT_NE(text.find("xxx...\n"), std::string::npos);
  EXPECT_NE(text.find(" ^~~\n"), std::string::npos);
}

TEST(Diagnostics, RendersManyInOrderAndLinearTime) {
  std::string source(300000, '(');
  std::vector<Diagnostic> diagnostics;
  for (uint32_t i = 20000; i-- > 0;)
    diagnostics.push_back({DiagnosticKind(0), {15 * i, 15 * i + 1}, "m", ""});
  std::string text = render(diagnostics, "f", source);
  EXPECT_EQ(text.rfind("f:1:1: error: m\n", 0), 0u);
  EXPECT_LT(text.find("f:1:16: error"), text.find("f:1:31: error"));
}

TEST(Diagnostics, AnyBytesGivePrintableText) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string source(random() % 40, ' ');
    for (char &c : source)
      c = static_cast<char>(random() % 8 ? random() : '\n');
    auto begin = static_cast<uint32_t>(random() % 50);
    std::string text = renderAt(source, begin, begin + random() % 10);
    for (char c : text)
      EXPECT_TRUE(c == '\n' ||
                  (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f))
          << "round " << round;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
    EXPECT_NE(text.find('^'), std::string::npos);
  }
}

TEST(Diagnostics, KindsHaveNames) {
  EXPECT_FALSE(name(DiagnosticKind(0)).empty());
  EXPECT_EQ(name(DiagnosticKind(60000)), "Unknown");
}

} // namespace
