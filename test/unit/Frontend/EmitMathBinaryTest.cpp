//===- EmitMathBinaryTest.cpp - Functions of two f32 ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatFunctions.h"

#include "attnjit/Frontend/EmitMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <random>

namespace attnjit::test {

/// The bound of pow in docs/numerics.md.
static constexpr double kPowUlp = 0.501;

static const float kSpecial[] = {
    0.0f,       -0.0f,          1.0f,          -1.0f,
    2.0f,       -2.0f,          0.5f,          -0.5f,
    3.0f,       -3.0f,          1.5f,          -1.5f,
    1e-45f,     -1e-45f,        1e-38f,        3e38f,
    -3e38f,     16777215.0f,    16777216.0f,   -16777217.0f,
    8388607.5f, 0x1.fffffep-1f, 0x1.000002p0f, -0x1.000002p0f,
    INFINITY,   -INFINITY,      NAN,           -NAN,
    127.0f,     -126.0f,        -149.0f};

struct Operands {
  std::vector<float> x, y;
  void add(float a, float b) {
    x.push_back(a);
    y.push_back(b);
  }
};

/// All pairs of special values, any bit patterns, and pairs with powers that
/// f32 holds.
static Operands operands() {
  Operands result;
  for (float a : kSpecial)
    for (float b : kSpecial)
      result.add(a, b);
  std::mt19937 random(11); // the seed
  for (int i = 0; i < 200000; ++i)
    result.add(fromBits(random()), fromBits(random()));
  std::uniform_real_distribution<float> exponent(-150, 130);
  for (int i = 0; i < 400000; ++i) {
    const float a = fromBits(random() & 0x7fffffff);
    const float b = exponent(random) / std::log2(a);
    result.add(a, b);
    result.add(1 + (a < 1 ? a : 1 / a), b);
    result.add(-a, std::round(b));
  }
  result.x.resize(result.x.size() / 16 * 16);
  result.y.resize(result.x.size());
  return result;
}

/// Results on `lanes` lanes; with a constant, it takes the place of y.
static std::vector<float> run(Op op, int lanes, const Operands &operands,
                              std::optional<float> constant = {}) {
  const JitKernel kernel(
      lanes, Element::F32, Element::F32,
      [&](mlir::OpBuilder &b, mlir::Location loc, mlir::Value x,
          mlir::Value y) {
        if (constant) {
          mlir::TypedAttr number = b.getF32FloatAttr(*constant);
          if (auto type = llvm::dyn_cast<mlir::VectorType>(y.getType()))
            number = mlir::DenseElementsAttr::get(type, number);
          y = mlir::arith::ConstantOp::create(b, loc, number);
        }
        return emitBinary(b, loc, op, x, y);
      });
  std::vector<float> result(operands.x.size());
  kernel(std::span<const float>(operands.x), std::span<const float>(operands.y),
         std::span(result));
  return result;
}

static bool sameNumber(float a, float b) {
  return std::isnan(a) ? std::isnan(b) : bitsOf(a) == bitsOf(b);
}

static float minimum(float a, float b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
static float maximum(float a, float b) { return -minimum(-a, -b); }

namespace {
class EmitMathBinary : public testing::Test {
protected:
  void SetUp() override {
    if (!canRunJitKernels())
      GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  }
};
} // namespace

TEST_F(EmitMathBinary, MinAndMaxKeepNaNAndOrderZeros) {
  const Operands all = operands();
  for (int lanes : allLanes()) {
    const std::vector<float> low = run(Op::Min, lanes, all);
    const std::vector<float> high = run(Op::Max, lanes, all);
    for (size_t i = 0; i < low.size(); ++i) {
      ASSERT_TRUE(sameNumber(low[i], minimum(all.x[i], all.y[i])))
          << all.x[i] << ", " << all.y[i];
      ASSERT_TRUE(sameNumber(high[i], maximum(all.x[i], all.y[i])))
          << all.x[i] << ", " << all.y[i];
    }
  }
}

TEST_F(EmitMathBinary, MinAndMaxWithConstants) {
  const Operands all = operands();
  for (int lanes : vectorLanes())
    for (float constant : {50.0f, -50.0f, 0.0f, -0.0f, -INFINITY, NAN}) {
      const std::vector<float> low = run(Op::Min, lanes, all, constant);
      const std::vector<float> high = run(Op::Max, lanes, all, constant);
      for (size_t i = 0; i < low.size(); ++i) {
        ASSERT_TRUE(sameNumber(low[i], minimum(all.x[i], constant)))
            << all.x[i] << ", " << constant;
        ASSERT_TRUE(sameNumber(high[i], maximum(all.x[i], constant)))
            << all.x[i] << ", " << constant;
      }
    }
}

TEST_F(EmitMathBinary, PowFollowsMathH) {
  const Operands all = operands();
  const std::vector<float> result = run(Op::Pow, 8, all);
  WorstCase worst;
  for (size_t i = 0; i < result.size(); ++i) {
    const double exact = std::pow(double(all.x[i]), double(all.y[i]));
    const double ulp = ulpError(result[i], exact);
    ASSERT_LE(ulp, kPowUlp) << std::hexfloat << all.x[i] << ", " << all.y[i]
                            << " gives " << result[i] << ", not " << exact;
    worst.ulp = std::max(worst.ulp, ulp);
  }
  // A bound that nothing comes near says nothing.
  EXPECT_GT(worst.ulp, 0.45);
}

TEST_F(EmitMathBinary, PowGivesTheSameBitsForScalarsAndVectors) {
  const Operands all = operands();
  const std::vector<float> scalars = run(Op::Pow, 1, all);
  for (int lanes : vectorLanes()) {
    const std::vector<float> vectors = run(Op::Pow, lanes, all);
    for (size_t i = 0; i < scalars.size(); ++i)
      ASSERT_TRUE(sameNumber(scalars[i], vectors[i]))
          << all.x[i] << ", " << all.y[i] << ", " << lanes << " lanes";
  }
}

} // namespace attnjit::test
