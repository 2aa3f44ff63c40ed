//===- EmitMathSweepTest.cpp - Every f32 there is -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The errors that docs/numerics.md states, over all 2^32 inputs on two
// threads: half a minute to three minutes a function. Prints what it finds.
// Where the machine has AVX-512, its code must give the same bits.
//
//===----------------------------------------------------------------------===//

#include "FloatFunctions.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

namespace attnjit::test {

namespace {
class Sweep : public testing::TestWithParam<FloatFunction> {};
} // namespace

static constexpr uint64_t kInputs = uint64_t(1) << 32;
static constexpr uint64_t kChunk = 1 << 14;

/// The first input for which two kernels give other bits, NaNs aside.
static std::optional<float> difference(const JitKernel &a, const JitKernel &b,
                                       std::span<const float> x) {
  std::vector<float> left(x.size()), right(x.size());
  a(x, x, std::span(left));
  b(x, x, std::span(right));
  if (std::memcmp(left.data(), right.data(), x.size_bytes()) == 0)
    return std::nullopt;
  for (size_t i = 0; i < x.size(); ++i)
    if (bitsOf(left[i]) != bitsOf(right[i]) &&
        !(std::isnan(left[i]) && std::isnan(right[i])))
      return x[i];
  return std::nullopt;
}

namespace {
struct Found {
  WorstCase worst;
  std::optional<float> different; ///< an input where the targets differ
};
} // namespace

/// Of inputs first, first + step, ... counted in chunks. The first kernel is
/// measured, the others compared with it.
static Found sweep(const FloatFunction &function,
                   std::span<const JitKernel> kernels, uint64_t first,
                   uint64_t step) {
  std::vector<float> inputs(kChunk);
  Found found;
  for (uint64_t start = first * kChunk; start < kInputs;
       start += step * kChunk) {
    for (uint64_t i = 0; i < kChunk; ++i)
      inputs[i] = fromBits(static_cast<uint32_t>(start + i));
    const WorstCase here = measure(function, kernels.front(), inputs);
    if (here.ulp > found.worst.ulp)
      found.worst = here;
    for (const JitKernel &other : kernels.subspan(1))
      if (!found.different)
        found.different = difference(kernels.front(), other, inputs);
  }
  return found;
}

TEST_P(Sweep, StaysWithinItsBound) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  std::vector<JitKernel> kernels;
  for (int lanes : vectorLanes())
    kernels.push_back(compile(GetParam(), lanes));
  std::array<Found, 2> halves;
  {
    std::jthread other(
        [&] { halves[1] = sweep(GetParam(), kernels, 1, halves.size()); });
    halves[0] = sweep(GetParam(), kernels, 0, halves.size());
  }
  for (const Found &half : halves)
    EXPECT_FALSE(half.different) << "the targets differ at " << *half.different;
  const WorstCase worst = halves[0].worst.ulp < halves[1].worst.ulp
                              ? halves[1].worst
                              : halves[0].worst;
  std::printf("%s: largest error %.4f ulp, at %a\n",
              std::string(GetParam().name).c_str(), worst.ulp, worst.x);
  EXPECT_LE(worst.ulp, GetParam().maxUlp) << "at " << worst.x;
}

INSTANTIATE_TEST_SUITE_P(All, Sweep, testing::ValuesIn(floatFunctions()),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

} // namespace attnjit::test
