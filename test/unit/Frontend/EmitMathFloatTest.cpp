//===- EmitMathFloatTest.cpp - Functions of one f32 -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatFunctions.h"

#include "attnjit/Frontend/EmitMath.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace attnjit::test {

/// Numbers where something changes: special values, powers of two, integers,
/// multiples of pi/2, limits of exponentials; each with its neighbours.
static std::vector<float> landmarks() {
  std::vector<double> numbers = {0,    88.722839, 103.278929, 103.972084, 9.02,
                                 3.93, 14.4,      2.0 / 3,    4.0 / 3};
  for (int e = -149; e <= 127; ++e)
    for (double factor : {1.0, 1.5, std::numbers::pi / 2, std::numbers::ln2})
      numbers.push_back(std::ldexp(factor, e));
  for (int i = 1; i <= 200; ++i)
    for (double step : {0.5, 1.0, std::numbers::pi / 4, 1e6})
      numbers.push_back(i * step);
  std::vector<float> inputs;
  for (double number : numbers)
    for (int neighbour = -3; neighbour <= 3; ++neighbour)
      for (uint32_t sign : {0u, 0x80000000u})
        inputs.push_back(
            fromBits((bitsOf(static_cast<float>(number)) + neighbour) ^ sign));
  for (uint32_t bits : {0x7f800000u, 0x7fc00000u, 0x7f800001u, 0x7fffffffu,
                        0x7f7fffffu, 0x00000001u, 0x007fffffu, 0x00800000u})
    for (uint32_t sign : {0u, 0x80000000u})
      inputs.push_back(fromBits(bits ^ sign));
  return inputs;
}

/// Landmarks, and one number of each 2^12 bit patterns, at an offset that is
/// another in each group.
static std::vector<float> sampleInputs() {
  std::vector<float> inputs = landmarks();
  uint32_t random = 2463534242u; // xorshift32
  for (uint64_t group = 0; group < (1 << 20); ++group) {
    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    inputs.push_back(
        fromBits(static_cast<uint32_t>(group << 12) | (random & 0xfff)));
  }
  inputs.resize(inputs.size() / 48 * 48);
  return inputs;
}

namespace {
class EmitMathFloat : public testing::TestWithParam<FloatFunction> {
protected:
  void SetUp() override {
    if (!canRunJitKernels())
      GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  }
};
} // namespace

TEST_P(EmitMathFloat, StaysWithinItsBound) {
  WorstCase worst = measure(GetParam(), compile(GetParam(), 8), sampleInputs());
  EXPECT_LE(worst.ulp, GetParam().maxUlp)
      << "at " << worst.x << ", bits " << std::hex << bitsOf(worst.x);
}

// The Reference and mods hoisted out of loops compute scalars, kernels
// vectors: the same mod must see the same number.
TEST_P(EmitMathFloat, GivesTheSameBitsForScalarsAndVectors) {
  const std::vector<float> inputs = sampleInputs();
  const std::span<const float> x = inputs;
  std::vector<float> expected(x.size()), result(x.size());
  compile(GetParam(), 1)(x, x, std::span(expected));
  std::vector<int> widths = vectorLanes();
  widths.push_back(3);
  for (int lanes : widths) {
    compile(GetParam(), lanes)(x, x, std::span(result));
    for (size_t i = 0; i < x.size(); ++i)
      if (!std::isnan(expected[i]) || !std::isnan(result[i]))
        ASSERT_EQ(bitsOf(result[i]), bitsOf(expected[i]))
            << lanes << " lanes, at " << x[i];
  }
}

INSTANTIATE_TEST_SUITE_P(All, EmitMathFloat,
                         testing::ValuesIn(floatFunctions()),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

//===----------------------------------------------------------------------===//
// Values that the measure of an error does not pin down
//===----------------------------------------------------------------------===//

static float valueAt(Op op, float x) {
  const FloatFunction function = {"", op, nullptr, 0};
  float result;
  compile(function, 1)(std::span<const float>(&x, 1),
                       std::span<const float>(&x, 1), std::span(&result, 1));
  return result;
}

TEST(EmitMathFloatValue, ReachesTheLimits) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  const float infinity = std::numeric_limits<float>::infinity();
  for (float x : {9.1f, 100.0f, 3e38f, infinity}) {
    EXPECT_EQ(valueAt(Op::Tanh, x), 1);
    EXPECT_EQ(valueAt(Op::Tanh, -x), -1);
    EXPECT_EQ(valueAt(Op::Erf, x), 1);
    EXPECT_EQ(valueAt(Op::Erf, -x), -1);
  }
  EXPECT_EQ(valueAt(Op::Sigmoid, infinity), 1);
  EXPECT_EQ(bitsOf(valueAt(Op::Sigmoid, -infinity)), bitsOf(0));
  EXPECT_EQ(bitsOf(valueAt(Op::Gelu, -infinity)), bitsOf(-0.0f));
  EXPECT_EQ(valueAt(Op::Exp, 0), 1);
  EXPECT_EQ(valueAt(Op::Exp2, 10), 1024);
  EXPECT_EQ(valueAt(Op::Log2, 0x1p-140f), -140);
}

TEST(EmitMathFloatValue, TanhAndErfStayWithinOne) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  const std::vector<float> inputs = sampleInputs();
  const std::span<const float> x = inputs;
  std::vector<float> result(x.size());
  for (const FloatFunction &function : floatFunctions()) {
    if (function.op != Op::Tanh && function.op != Op::Erf)
      continue;
    compile(function, 8)(x, x, std::span(result));
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_FALSE(std::fabs(result[i]) > 1) << function.name << " of " << x[i];
  }
}

//===----------------------------------------------------------------------===//
// The softmax's exponential
//===----------------------------------------------------------------------===//

static std::vector<float> softmaxExp2(std::span<const float> x, int lanes) {
  const JitKernel kernel(
      lanes, Element::F32, Element::F32,
      [](mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value) {
        return emitSoftmaxExp2(b, loc, x);
      });
  std::vector<float> result(x.size());
  kernel(x, x, std::span(result));
  return result;
}

TEST(EmitMathSoftmaxExp2, IsWithinItsBoundAndZeroBelow) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  std::vector<float> x = sampleInputs();
  for (float dense = -127; dense < 42; dense += 0x1.3p-12f)
    x.push_back(dense);
  std::erase_if(x, [](float value) { return value >= 127.5f; });
  x.resize(x.size() / 16 * 16);
  for (int lanes : vectorLanes()) {
    const std::vector<float> result = softmaxExp2(x, lanes);
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i]))
        ASSERT_TRUE(std::isnan(result[i])) << std::hex << bitsOf(x[i]);
      else if (x[i] < -126)
        ASSERT_EQ(bitsOf(result[i]), 0u) << x[i];
      else
        worst =
            std::max(worst, std::fabs(result[i] / std::exp2(double(x[i])) - 1));
    }
    EXPECT_LE(worst, 2e-7) << lanes << " lanes";
  }
}

TEST(EmitMathSoftmaxExp2, IsExactAtIntegers) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  std::vector<float> x;
  for (int i = -126; i <= 40; ++i)
    x.push_back(static_cast<float>(i));
  const std::vector<float> result = softmaxExp2(x, 1);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(result[i], std::ldexp(1.0f, static_cast<int>(x[i])));
}

} // namespace attnjit::test
