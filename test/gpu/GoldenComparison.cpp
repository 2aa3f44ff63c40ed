//===- GoldenComparison.cpp - Whether a GPU did what was expected ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenComparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

using namespace attnjit::golden;

static constexpr uint32_t kMagnitude = 0x7fffffff, kLeastNormal = 0x00800000;

static float number(uint32_t bits) { return std::bit_cast<float>(bits); }

static bool isSubnormal(uint32_t bits) {
  const uint32_t magnitude = bits & kMagnitude;
  return magnitude != 0 && magnitude < kLeastNormal;
}

/// Numbers in order, one apart; both zeros are 0. Without subnormals the least
/// normal number is next to zero.
static int64_t place(uint32_t bits, bool flushes) {
  int64_t magnitude = bits & kMagnitude;
  if (flushes)
    magnitude = magnitude < kLeastNormal ? 0 : magnitude - kLeastNormal + 1;
  return bits >> 31 ? -magnitude : magnitude;
}

static bool isFloat(const Rule &rule, uint32_t expected, uint32_t got) {
  if (std::isnan(number(expected)))
    return std::isnan(number(got));
  const bool isLeast = (expected & kMagnitude) == kLeastNormal;
  return got == expected ||
         (rule.flushes && isLeast && got == (expected & ~kMagnitude));
}

static bool isWithinUnits(const Rule &rule, uint32_t expected, uint32_t got) {
  if (std::isnan(number(expected)) || std::isnan(number(got)))
    return std::isnan(number(expected)) && std::isnan(number(got));
  if (rule.flushes && isSubnormal(got))
    return false;
  return std::abs(place(got, rule.flushes) - place(expected, rule.flushes)) <=
         rule.units;
}

/// Half the distance of neighbours at a finite number: how far the exact value
/// may be from the expected one.
static double halfUnit(float x) {
  const int exponent = x == 0 ? -126 : std::max(std::ilogb(x), -126);
  return std::ldexp(1.0, exponent - 24);
}

static bool isNear(const Rule &rule, uint32_t expectedBits, uint32_t gotBits) {
  const float expected = number(expectedBits), got = number(gotBits);
  if (!std::isfinite(expected) || !std::isfinite(got))
    return isFloat(rule, expectedBits, gotBits);
  if (rule.flushes && isSubnormal(gotBits))
    return false;
  double bound = std::max(rule.relative * std::fabs(expected), rule.absolute) +
                 halfUnit(expected);
  if (rule.flushes)
    bound = std::max(bound, 0x1p-126);
  return std::fabs(double(got) - expected) <= bound;
}

static bool isSum(double sum, double bound, float got) {
  if (std::isnan(sum))
    return std::isnan(got);
  if (std::isinf(sum))
    return got == sum;
  return std::fabs(got - sum) <= bound; // not for NaN
}

bool attnjit::golden::isRight(const GoldenCase &one, size_t index,
                              uint32_t got) {
  const Rule &rule = one.rule;
  const uint32_t expected = one.expected[index];
  switch (rule.kind) {
  case Rule::Kind::Bits:
    return got == expected;
  case Rule::Kind::Float:
    return isFloat(rule, expected, got);
  case Rule::Kind::Units:
    return isWithinUnits(rule, expected, got);
  case Rule::Kind::Near:
    return isNear(rule, expected, got);
  case Rule::Kind::Sum:
    return isSum(rule.sums[index], rule.bounds[index], number(got));
  }
  return false;
}

static std::string describe(const Rule &rule, size_t index) {
  std::string text;
  switch (rule.kind) {
  case Rule::Kind::Bits:
    return "in every bit";
  case Rule::Kind::Float:
    text = "in every bit but a NaN's";
    break;
  case Rule::Kind::Units:
    text = fmt::format("to {} units of the last place", rule.units);
    break;
  case Rule::Kind::Near:
    text = fmt::format("to {} of itself or {}, whichever is more",
                       rule.relative, rule.absolute);
    break;
  case Rule::Kind::Sum:
    return fmt::format("to {} of {}", rule.bounds[index], rule.sums[index]);
  }
  return rule.flushes ? text + ", subnormals being zero" : text;
}

static std::string wordText(uint32_t bits) {
  return fmt::format("0x{:08x} ({})", bits, number(bits));
}

/// Where each bit counts, it is hardly an f32.
static std::string resultText(const Rule &rule, uint32_t bits) {
  return rule.kind == Rule::Kind::Bits ? fmt::format("0x{:08x}", bits)
                                       : wordText(bits);
}

static std::string describe(const GoldenCase &one, size_t index, uint32_t got) {
  const size_t thread = index / one.outputs;
  const size_t inBlock = thread % one.blockThreads();
  std::string text = fmt::format(
      "block {}, thread {}, lane {}, result {}: {}, expected {} {}; of",
      thread / one.blockThreads(), inBlock, inBlock % 32, index % one.outputs,
      resultText(one.rule, got), resultText(one.rule, one.expected[index]),
      describe(one.rule, index));
  for (uint32_t i = 0; i < one.inputs; ++i)
    text += " " + wordText(one.in[thread * one.inputs + i]);
  return one.inputs ? text : text + " no inputs";
}

std::string attnjit::golden::whatIsWrong(const GoldenCase &one,
                                         const Words &results) {
  constexpr size_t kShown = 8;
  if (results.size() != one.expected.size())
    return fmt::format("`{}`: {} words instead of {}", one.instruction,
                       results.size(), one.expected.size());
  size_t wrong = 0;
  std::string lines;
  for (size_t i = 0; i < results.size(); ++i)
    if (!isRight(one, i, results[i]) && ++wrong <= kShown)
      lines += "\n  " + describe(one, i, results[i]);
  if (wrong == 0)
    return {};
  return fmt::format("`{}`: {} of {} results are wrong{}", one.instruction,
                     wrong, results.size(), lines);
}
