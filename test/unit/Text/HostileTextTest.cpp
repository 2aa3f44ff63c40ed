//===- HostileTextTest.cpp - No text crashes or hangs the parser ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Texts made to exhaust a stack, a memory or a patience, and random changes of
// good ones. What they give is not looked at, but for what must always hold.
//
//===----------------------------------------------------------------------===//

#include "TextTesting.h"

#include "attnjit/Text/Formatter.h"
#include "attnjit/Text/Printer.h"

#include <gmock/gmock.h>

#include <random>

using namespace attnjit;
using namespace attnjit::test;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;

/// Parses and formats; checks what holds for every text.
static std::vector<std::string> tryText(const std::string &text) {
  ParseResult result =
      parseMod(text, useFromDirectory(textDirectory("corpus")));
  EXPECT_EQ(result.program.has_value(), result.diagnostics.empty());
  std::vector<std::string> kinds;
  uint32_t last = 0;
  for (const Diagnostic &diagnostic : result.diagnostics) {
    EXPECT_LE(diagnostic.span.begin, diagnostic.span.end);
    EXPECT_LE(diagnostic.span.end, text.size());
    EXPECT_LE(last, diagnostic.span.begin);
    EXPECT_LT(diagnostic.message.size(), 2000u);
    last = diagnostic.span.begin;
    kinds.emplace_back(name(diagnostic.kind));
  }
  render(result.diagnostics, "hostile.mod", text);
  if (result.program) {
    std::string printed = print(*result.program);
    EXPECT_EQ(parse(printed), *result.program) << printed;
  }
  FormatResult formatted = formatMod(text);
  if (formatted.diagnostics.empty()) {
    EXPECT_EQ(formatMod(formatted.text).text, formatted.text) << text;
  }
  return kinds;
}

static std::string repeat(std::string_view part, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += part;
  return text;
}

TEST(HostileText, NestingEndsWithADiagnostic) {
  constexpr int kMany = 100000;
  for (std::string_view opening :
       {"(", "- ", "not ", "~", "+ ", "abs(", "max(q,", "a[", "any(i in 0..2:",
        "q if q > ", "q if (q > 0) else (", "1 + (", "f(x ="}) {
    std::string many = repeat(opening, opening.size() > 8 ? 60000 : kMany);
    EXPECT_FALSE(tryText("mask = " + many).empty()) << opening;
    EXPECT_FALSE(tryText("mask = " + many + "q\nlet x = 1").empty()) << opening;
  }
  EXPECT_THAT(
      tryText("let x = " + repeat("(", kMany) + "q" + repeat(")", kMany)),
      ElementsAre("NestedTooDeep"));
}

TEST(HostileText, ChainsEndWithADiagnostic) {
  constexpr int kMany = 200000;
  EXPECT_THAT(tryText("let x = 1" + repeat("+1", kMany)),
              ElementsAre("NestedTooDeep"));
  EXPECT_THAT(tryText("let x = q" + repeat("[0]", kMany)),
              ElementsAre("NestedTooDeep"));
  EXPECT_THAT(tryText("let x = q" + repeat(".a", kMany)),
              ElementsAre("NestedTooDeep"));
  EXPECT_THAT(tryText("let x = q" + repeat(" if true else q", 50000)),
              ElementsAre("NestedTooDeep"));
  EXPECT_THAT(tryText("mask = true" + repeat("\nmask = q > kv", 1100)),
              ElementsAre("NestedTooDeep"));
  EXPECT_THAT(tryText(repeat("score = score + 1\n", 1100)),
              ElementsAre("NestedTooDeep"));
}

TEST(HostileText, RecoveryIsLinear) {
  EXPECT_THAT(tryText(repeat("score = (\n", 90000)),
              Each(testing::AnyOf("UnclosedBracket", "TooManyErrors")));
  EXPECT_THAT(tryText(repeat("(\n", 300000)), Contains("UnclosedBracket"));
  EXPECT_THAT(tryText(repeat("let a = ]\n", 90000)), Contains("TooManyErrors"));
  EXPECT_THAT(tryText(repeat("\x01\x02", 300000)), Contains("TooManyErrors"));
  EXPECT_THAT(tryText(repeat("\xff", 900000)), Contains("InvalidUtf8"));
  tryText(repeat("x", 1000000));
  tryText("let " + repeat("x", 500000) + " = " + repeat("y", 500000));
  tryText("let x = " + repeat("9", 1000000));
  tryText("let x = 1." + repeat("9", 1000000));
  tryText("#" + repeat("(", 1000000));
}

TEST(HostileText, UnknownNamesAmongManyAreReported) {
  std::string text;
  for (int i = 0; i < 40000; ++i)
    text += "let name" + std::to_string(i) + "=nome" + std::to_string(i) + "\n";
  EXPECT_THAT(tryText(text), Contains("TooManyErrors"));
}

TEST(HostileText, DoublingDefsStaySmall) {
  // 2^200 nodes as a tree, 200 as a graph.
  std::string text = "def g0(x : f32) = x * x\n";
  for (int i = 1; i < 200; ++i)
    text += "def g" + std::to_string(i) + "(x : f32) = g" +
            std::to_string(i - 1) + "(g0(x))\n";
  EXPECT_THAT(tryText(text + "score = g199(score)\n"), ElementsAre());
}

TEST(HostileText, CompileTimeWorkIsBounded) {
  std::string deep = "0";
  for (int i = 0; i < 16; ++i)
    deep = "sum(i" + std::to_string(i) + " in 0..65536: " + deep + ")";
  EXPECT_THAT(tryText("const x : i32 = " + deep),
              ElementsAre("ConstantTooCostly"));
  EXPECT_THAT(tryText(repeat("let a = any(i in 0..sum(j in 0..65000: j) - "
                             "2112467500 + 1: q > i)\n",
                             9000)),
              Contains("ConstantTooCostly"));
}

/// Bytes that the language gives a meaning to come up more often.
static char randomByte(std::mt19937_64 &random) {
  static constexpr std::string_view kLikely =
      " \n()[],:.=<>+-*/%&|^~?#\"0159aeqxkvh_\r\t";
  uint64_t draw = random();
  return draw % 4 ? kLikely[draw / 4 % kLikely.size()]
                  : static_cast<char>(draw >> 32);
}

TEST(HostileText, RandomBytes) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    SCOPED_TRACE(round);
    std::string text(random() % 200, ' ');
    for (char &c : text)
      c = randomByte(random);
    tryText(text);
  }
}

/// One change: of a byte, or of a piece that is dropped, doubled or taken from
/// another file.
static void mutate(std::string &text, const std::vector<std::string> &sources,
                   std::mt19937_64 &random) {
  auto place = [&](const std::string &s) { return random() % (s.size() + 1); };
  size_t at = place(text);
  switch (random() % 5) {
  case 0:
    if (at < text.size())
      text[at] = randomByte(random);
    return;
  case 1:
    text.erase(at, random() % 12);
    return;
  case 2:
    text.insert(at, 1, randomByte(random));
    return;
  case 3:
    text.insert(at, text.substr(place(text), random() % 40));
    return;
  default:
    const std::string &other = sources[random() % sources.size()];
    text.insert(at, other.substr(place(other), random() % 40));
  }
}

TEST(HostileText, ChangesOfGoodFiles) {
  std::vector<std::string> sources;
  for (const char *folder : {"corpus", "diagnostics"})
    for (const std::filesystem::path &path : modFiles(folder))
      if (std::string text = readFile(path); text.size() < 3000)
        sources.push_back(std::move(text));
  std::mt19937_64 random(11);
  for (int round = 0; round < 3000; ++round) {
    SCOPED_TRACE(round);
    std::string text = sources[random() % sources.size()];
    for (uint64_t changes = 1 + random() % 4; changes > 0; --changes)
      mutate(text, sources, random);
    tryText(text);
  }
}
