//===- EmitMathSweepTest.cpp - Every f32 there is -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The errors that docs/numerics.md states, over all 2^32 inputs on two
// threads: half a minute to three minutes a function. Prints what it finds.
//
//===----------------------------------------------------------------------===//

#include "FloatFunctions.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <thread>

namespace attnjit::test {

namespace {
class Sweep : public testing::TestWithParam<FloatFunction> {};
} // namespace

static constexpr uint64_t kInputs = uint64_t(1) << 32;
static constexpr uint64_t kChunk = 1 << 14;

/// The worst of inputs first, first + step, ... counted in chunks.
static WorstCase sweep(const FloatFunction &function, const JitKernel &kernel,
                       uint64_t first, uint64_t step) {
  std::vector<float> inputs(kChunk);
  WorstCase worst;
  for (uint64_t start = first * kChunk; start < kInputs;
       start += step * kChunk) {
    for (uint64_t i = 0; i < kChunk; ++i)
      inputs[i] = fromBits(static_cast<uint32_t>(start + i));
    WorstCase here = measure(function, kernel, inputs);
    if (here.ulp > worst.ulp)
      worst = here;
  }
  return worst;
}

TEST_P(Sweep, StaysWithinItsBound) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  const JitKernel kernel = compile(GetParam(), 8);
  std::array<WorstCase, 2> halves;
  {
    std::jthread other(
        [&] { halves[1] = sweep(GetParam(), kernel, 1, halves.size()); });
    halves[0] = sweep(GetParam(), kernel, 0, halves.size());
  }
  WorstCase worst = halves[0].ulp < halves[1].ulp ? halves[1] : halves[0];
  std::printf("%s: largest error %.4f ulp, at %a\n",
              std::string(GetParam().name).c_str(), worst.ulp, worst.x);
  EXPECT_LE(worst.ulp, GetParam().maxUlp) << "at " << worst.x;
}

INSTANTIATE_TEST_SUITE_P(All, Sweep, testing::ValuesIn(floatFunctions()),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

} // namespace attnjit::test
