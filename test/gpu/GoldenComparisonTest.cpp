//===- GoldenComparisonTest.cpp - Wrong results are found -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenComparison.h"
#include "GoldenFile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

using namespace attnjit::golden;
using testing::HasSubstr;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kLeast = 0x1p-126f; // of the normal numbers
constexpr float kTiny = 0x1p-127f;  // subnormal

uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }
float after(float x, int units) {
  return std::bit_cast<float>(bits(x) + units);
}

bool accepts(const Rule &rule, float expected, float got) {
  GoldenCase one;
  one.expected = {bits(expected)};
  one.rule = rule;
  return isRight(one, 0, bits(got));
}

TEST(GoldenRule, Bits) {
  const Rule rule = {.kind = Rule::Kind::Bits};
  EXPECT_TRUE(accepts(rule, 1, 1));
  EXPECT_FALSE(accepts(rule, 1, after(1, 1)));
  EXPECT_FALSE(accepts(rule, 0.0f, -0.0f));
  EXPECT_TRUE(accepts(rule, kNaN, kNaN));
  EXPECT_FALSE(accepts(rule, kNaN, after(kNaN, 1)));
}

TEST(GoldenRule, FloatTakesAnyNaN) {
  Rule rule = {.kind = Rule::Kind::Float};
  EXPECT_TRUE(accepts(rule, kNaN, after(kNaN, 1)));
  EXPECT_FALSE(accepts(rule, kNaN, kInf));
  EXPECT_FALSE(accepts(rule, kInf, kNaN));
  EXPECT_FALSE(accepts(rule, 1, after(1, -1)));
  EXPECT_FALSE(accepts(rule, 0.0f, -0.0f));
  EXPECT_FALSE(accepts(rule, kLeast, 0));
  rule.flushes = true;
  EXPECT_TRUE(accepts(rule, kLeast, 0));
  EXPECT_TRUE(accepts(rule, -kLeast, -0.0f));
  EXPECT_FALSE(accepts(rule, -kLeast, 0.0f));
  EXPECT_FALSE(accepts(rule, after(kLeast, 1), 0));
  EXPECT_FALSE(accepts(rule, 0, kTiny));
}

TEST(GoldenRule, Units) {
  Rule rule = {.kind = Rule::Kind::Units, .units = 2};
  for (float x : {1.0f, -1.0f, 0x1p100f, -kTiny}) {
    for (int by : {-2, -1, 0, 1, 2})
      EXPECT_TRUE(accepts(rule, x, after(x, by))) << x << ", " << by;
    EXPECT_FALSE(accepts(rule, x, after(x, 3))) << x;
    EXPECT_FALSE(accepts(rule, x, after(x, -3))) << x;
    EXPECT_FALSE(accepts(rule, x, -x)) << x;
    EXPECT_FALSE(accepts(rule, x, kNaN)) << x;
  }
  // The neighbour of the largest number is infinity; across zero.
  EXPECT_TRUE(accepts(rule, kInf, after(kInf, -2)));
  EXPECT_FALSE(accepts(rule, kInf, after(kInf, -3)));
  EXPECT_FALSE(accepts(rule, kInf, -kInf));
  EXPECT_TRUE(accepts(rule, after(0, 1), after(-0.0f, 1)));
  EXPECT_FALSE(accepts(rule, 0, after(0, 3)));
  rule.flushes = true;
  EXPECT_TRUE(accepts(rule, 0, after(kLeast, 1)));
  EXPECT_FALSE(accepts(rule, 0, after(kLeast, 2)));
  EXPECT_TRUE(accepts(rule, kLeast, 0));
  EXPECT_FALSE(accepts(rule, kLeast, kTiny));
}

TEST(GoldenRule, Near) {
  Rule rule = {.kind = Rule::Kind::Near, .relative = 0x1p-20};
  EXPECT_TRUE(accepts(rule, 1, 1 + 0x1p-20f));
  EXPECT_TRUE(accepts(rule, 1.5f, 1.5f + 0x1.8p-20f));
  EXPECT_FALSE(accepts(rule, 1, 1 + 0x1.4p-20f));
  EXPECT_FALSE(accepts(rule, 1, 1 - 0x1.4p-20f));
  EXPECT_FALSE(accepts(rule, 1, kNaN));
  EXPECT_FALSE(accepts(rule, 1, kInf));
  EXPECT_FALSE(accepts(rule, kNaN, 1));
  EXPECT_FALSE(accepts(rule, kInf, -kInf));
  EXPECT_TRUE(accepts(rule, kInf, kInf));
  EXPECT_FALSE(accepts(rule, 0, kLeast));
  rule.absolute = 0x1p-10;
  EXPECT_TRUE(accepts(rule, 0, -0x1p-10f));
  EXPECT_TRUE(accepts(rule, 1, 1 + 0x1p-10f));
  EXPECT_FALSE(accepts(rule, 0, 0x1.1p-10f));
  rule = {.kind = Rule::Kind::Near, .relative = 0x1p-20, .flushes = true};
  EXPECT_TRUE(accepts(rule, kLeast, 0));
  EXPECT_FALSE(accepts(rule, kTiny, kTiny));
  EXPECT_FALSE(accepts(rule, 0x1.1p-125f, 0));
}

TEST(GoldenRule, Sum) {
  GoldenCase one;
  one.expected = {0, 0, 0, 0};
  one.rule.kind = Rule::Kind::Sum;
  one.rule.sums = {10, kNaN, kInf, 1};
  one.rule.bounds = {0.5, 0, 0, 0};
  EXPECT_TRUE(isRight(one, 0, bits(10.5f)));
  EXPECT_TRUE(isRight(one, 0, bits(9.5f)));
  EXPECT_FALSE(isRight(one, 0, bits(10.51f)));
  EXPECT_FALSE(isRight(one, 0, bits(kNaN)));
  EXPECT_TRUE(isRight(one, 1, bits(-kNaN)));
  EXPECT_FALSE(isRight(one, 1, bits(1.0f)));
  EXPECT_TRUE(isRight(one, 2, bits(kInf)));
  EXPECT_FALSE(isRight(one, 2, bits(-kInf)));
  EXPECT_FALSE(isRight(one, 2, bits(3e38f)));
  EXPECT_TRUE(isRight(one, 3, bits(1.0f)));
  EXPECT_FALSE(isRight(one, 3, bits(after(1, 1))));
}

/// Two blocks of 48 threads that take one word and give two.
GoldenCase pairs() {
  GoldenCase one;
  one.name = "pairs";
  one.instruction = "frob.b32";
  one.ptx = "// \"quoted\"\n";
  one.sm = 90;
  one.grid = {1, 2, 1};
  one.block = {24, 1, 2};
  one.sharedBytes = 77;
  one.inputs = 1;
  one.outputs = 2;
  for (uint32_t i = 0; i < 96; ++i) {
    one.in.push_back(0x1000 + i);
    one.expected.push_back(i);
    one.expected.push_back(~i);
  }
  return one;
}

TEST(GoldenComparison, RightResultsAreRight) {
  EXPECT_EQ(whatIsWrong(pairs(), pairs().expected), "");
}

TEST(GoldenComparison, NamesInstructionLaneAndValues) {
  Words results = pairs().expected;
  results[2 * (48 + 33) + 1] ^= 1;
  EXPECT_EQ(whatIsWrong(pairs(), results),
            "`frob.b32`: 1 of 192 results are wrong\n"
            "  block 1, thread 33, lane 1, result 1: 0xffffffaf, "
            "expected 0xffffffae in every bit; of 0x00001051 (5.853e-42)");
}

// Whichever word is wrong; of many, the first few.
TEST(GoldenComparison, FindsEachWord) {
  for (size_t i = 0; i < pairs().expected.size(); ++i) {
    Words results = pairs().expected;
    results[i] ^= 0x80000000;
    EXPECT_THAT(whatIsWrong(pairs(), results), HasSubstr("1 of 192")) << i;
  }
  const std::string all = whatIsWrong(pairs(), Words(192, kUnwritten));
  EXPECT_THAT(all, HasSubstr("192 of 192"));
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 8);
  EXPECT_THAT(whatIsWrong(pairs(), Words(191)),
              HasSubstr("191 words instead of 192"));
}

TEST(GoldenFile, ComesBackAsItWas) {
  GoldenCase sum = pairs();
  sum.rule = {.kind = Rule::Kind::Sum,
              .sums = std::vector<double>(192, 1.0 / 3),
              .bounds = std::vector<double>(192, 0x1p-1074)};
  GoldenCase near = pairs();
  near.rule = {.kind = Rule::Kind::Near,
               .relative = 0x1.12p-23,
               .absolute = 0.1,
               .flushes = true};
  GoldenCase units = pairs();
  units.rule = {.kind = Rule::Kind::Units, .units = 2};
  const GoldenFile file = {.seed = 1234567890123456789,
                           .cases = {pairs(), sum, near, units}};
  const std::string text = toText(file);
  auto back = fromText(text);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(toText(*back), text);
  EXPECT_EQ(back->seed, file.seed);
  const GoldenCase &one = back->cases[0];
  EXPECT_EQ(one.ptx, pairs().ptx);
  EXPECT_EQ(one.in, pairs().in);
  EXPECT_EQ(one.expected, pairs().expected);
  EXPECT_EQ(one.grid, pairs().grid);
  EXPECT_EQ(one.block, pairs().block);
  EXPECT_EQ(one.sharedBytes, 77u);
  EXPECT_EQ(back->cases[1].rule.sums, sum.rule.sums);
  EXPECT_EQ(back->cases[1].rule.bounds, sum.rule.bounds);
  EXPECT_EQ(back->cases[2].rule.relative, 0x1.12p-23);
  EXPECT_TRUE(back->cases[2].rule.flushes);
  EXPECT_EQ(back->cases[3].rule.units, 2);
}

// A test of nothing would pass.
TEST(GoldenFile, WhatIsNotWholeIsRefused) {
  auto errorOf = [](const GoldenCase &one) {
    auto file = fromText(toText({.seed = 0, .cases = {one}}));
    return file ? std::string() : file.error().message();
  };
  GoldenCase one = pairs();
  one.expected.pop_back();
  EXPECT_EQ(errorOf(one), "case `pairs` is not whole");
  one = pairs();
  one.in.clear();
  EXPECT_NE(errorOf(one), "");
  one = pairs();
  one.outputs = 0;
  one.expected.clear();
  EXPECT_NE(errorOf(one), "");
  one = pairs();
  one.rule.kind = Rule::Kind::Sum;
  EXPECT_NE(errorOf(one), "");
  EXPECT_FALSE(fromText("{\"cases\": 7}"));
  EXPECT_FALSE(fromText(""));
  auto missing = readGoldenFile("/nowhere/golden.json");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), "cannot read `/nowhere/golden.json`");
}

} // namespace
