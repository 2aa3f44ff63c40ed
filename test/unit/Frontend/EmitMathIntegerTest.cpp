//===- EmitMathIntegerTest.cpp - Total integer operations -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Against definitions in 128-bit arithmetic, which has room for every
// quotient and product.
//
//===----------------------------------------------------------------------===//

#include "JitKernel.h"

#include "attnjit/Expr/Expr.h"
#include "attnjit/Frontend/EmitMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>

namespace attnjit::test {

using Wide = __int128;

/// floor(x / y), 0 for a divisor 0.
static Wide floorDivide(Wide x, Wide y) {
  if (y == 0)
    return 0;
  Wide quotient = x / y;
  return quotient * y != x && (x < 0) != (y < 0) ? quotient - 1 : quotient;
}

/// What `op` means, modulo the width of Int.
template <typename Int> static Int expected(Op op, Int x, Int y) {
  constexpr int kBits = 8 * sizeof(Int);
  const int count = static_cast<int>(static_cast<Wide>(y) & (kBits - 1));
  switch (op) {
  case Op::FloorDiv:
    return static_cast<Int>(floorDivide(x, y));
  case Op::Mod:
    return y == 0 ? 0 : static_cast<Int>(x - floorDivide(x, y) * y);
  case Op::Shl:
    return static_cast<Int>(static_cast<Wide>(x) * (Wide(1) << count));
  case Op::Shr:
    return static_cast<Int>(floorDivide(x, Wide(1) << count));
  case Op::Min:
    return x < y ? x : y;
  case Op::Max:
    return x < y ? y : x;
  default:
    ADD_FAILURE() << "no definition";
    return 0;
  }
}

template <typename Int> static constexpr Element elementOf() {
  return std::is_same_v<Int, int32_t> ? Element::I32 : Element::I64;
}

/// Numbers where something changes: around powers of two and the ends.
template <typename Int> static std::vector<Int> edges() {
  using Limits = std::numeric_limits<Int>;
  std::vector<Int> numbers = {0, 3, -3, 5, 6, 7, -7, 10, 100, -100, 641, 65537};
  for (int bit = 0; bit < Limits::digits; ++bit)
    for (int near = -1; near <= 1; ++near) {
      numbers.push_back(static_cast<Int>((Wide(1) << bit) + near));
      numbers.push_back(static_cast<Int>(-(Wide(1) << bit) + near));
    }
  for (Int step = 0; step < 3; ++step) {
    numbers.push_back(Limits::min() + step);
    numbers.push_back(Limits::max() - step);
  }
  return numbers;
}

template <typename Int> struct Pairs {
  std::vector<Int> x, y;
  void add(Int a, Int b) {
    x.push_back(a);
    y.push_back(b);
  }
  /// Fills up to whole vectors.
  void pad() {
    while (x.size() % 16 != 0)
      add(0, 0);
  }
};

/// All pairs of edges, and random numbers of all sizes.
template <typename Int> static Pairs<Int> pairs() {
  Pairs<Int> result;
  for (Int a : edges<Int>())
    for (Int b : edges<Int>())
      result.add(a, b);
  std::mt19937_64 random(20250); // the seed
  auto any = [&] {
    return static_cast<Int>(static_cast<Int>(random()) >>
                            (random() % (8 * sizeof(Int))));
  };
  for (int i = 0; i < 200000; ++i)
    result.add(any(), any());
  // Dividends next to multiples of the divisor: where floor goes wrong.
  for (int i = 0; i < 200000; ++i) {
    Int divisor = any(), factor = any();
    result.add(static_cast<Int>(static_cast<Wide>(divisor) * factor +
                                static_cast<int>(i % 3) - 1),
               divisor);
  }
  result.pad();
  return result;
}

template <typename Int>
static void checkPairs(Op op, int lanes, const Pairs<Int> &operands) {
  const JitKernel kernel(
      lanes, elementOf<Int>(), elementOf<Int>(),
      [&](mlir::OpBuilder &b, mlir::Location loc, mlir::Value x,
          mlir::Value y) { return emitBinary(b, loc, op, x, y); });
  const std::span<const Int> x = operands.x, y = operands.y;
  std::vector<Int> result(x.size());
  kernel(x, y, std::span(result));
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_EQ(result[i], expected(op, x[i], y[i]))
        << x[i] << " " << spelling(op) << " " << y[i] << ", " << lanes
        << " lanes";
}

namespace {
class EmitMathInteger : public testing::TestWithParam<Op> {
protected:
  void SetUp() override {
    if (!canRunJitKernels())
      GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  }
};
} // namespace

TEST_P(EmitMathInteger, IsTotalOnI32) {
  const Pairs<int32_t> operands = pairs<int32_t>();
  for (int lanes : allLanes())
    checkPairs(GetParam(), lanes, operands);
}

TEST_P(EmitMathInteger, IsTotalOnI64) {
  const Pairs<int64_t> operands = pairs<int64_t>();
  for (int lanes : {1, 4})
    checkPairs(GetParam(), lanes, operands);
  if (vectorLanes().size() > 1)
    checkPairs(GetParam(), vectorLanes().back(), operands);
}

INSTANTIATE_TEST_SUITE_P(All, EmitMathInteger,
                         testing::Values(Op::FloorDiv, Op::Mod, Op::Shl,
                                         Op::Shr, Op::Min, Op::Max));

//===----------------------------------------------------------------------===//
// Constant operands take forms of their own
//===----------------------------------------------------------------------===//

/// `op` of all x and each constant, as a vector or as a scalar broadcast.
static void checkConstants(Op op, int lanes, std::span<const int32_t> constants,
                           std::span<const int32_t> x, bool asScalar) {
  for (int32_t constant : constants) {
    const JitKernel kernel(
        lanes, Element::I32, Element::I32,
        [&](mlir::OpBuilder &b, mlir::Location loc, mlir::Value x,
            mlir::Value) -> mlir::Value {
          auto type = llvm::cast<mlir::VectorType>(x.getType());
          mlir::TypedAttr number = b.getI32IntegerAttr(constant);
          mlir::Value y;
          if (asScalar) {
            y = mlir::arith::ConstantOp::create(b, loc, number);
            y = mlir::vector::BroadcastOp::create(b, loc, type, y);
          } else {
            y = mlir::arith::ConstantOp::create(
                b, loc, mlir::DenseElementsAttr::get(type, number));
          }
          return emitBinary(b, loc, op, x, y);
        });
    std::vector<int32_t> result(x.size());
    kernel(x, x, std::span(result));
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(result[i], expected(op, x[i], constant))
          << x[i] << " " << spelling(op) << " " << constant << ", " << lanes
          << " lanes";
  }
}

/// Edges, neighbours of multiples of the constants, and random numbers.
static std::vector<int32_t> dividends(std::span<const int32_t> constants) {
  std::vector<int32_t> x = edges<int32_t>();
  std::mt19937 random(7); // the seed
  for (int32_t constant : constants)
    for (int i = 0; i < 64; ++i) {
      const auto factor = static_cast<int32_t>(random()) >> (i % 32);
      x.push_back(static_cast<int32_t>(static_cast<Wide>(constant) * factor +
                                       i % 3 - 1));
    }
  for (int i = 0; i < 20000; ++i)
    x.push_back(static_cast<int32_t>(random()));
  x.resize(x.size() / 16 * 16);
  return x;
}

static const int32_t kDivisors[] = {0,
                                    1,
                                    -1,
                                    2,
                                    -2,
                                    3,
                                    -3,
                                    5,
                                    -6,
                                    7,
                                    -7,
                                    10,
                                    100,
                                    -128,
                                    641,
                                    1000,
                                    4096,
                                    65535,
                                    1 << 30,
                                    (1 << 30) + 1,
                                    1431655765,
                                    -1431655766,
                                    2147483647,
                                    -2147483647,
                                    std::numeric_limits<int32_t>::min()};

TEST(EmitMathConstantInteger, DividesByConstants) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  const std::vector<int32_t> x = dividends(kDivisors);
  for (int lanes : vectorLanes()) {
    checkConstants(Op::FloorDiv, lanes, kDivisors, x, /*asScalar=*/false);
    checkConstants(Op::Mod, lanes, kDivisors, x, /*asScalar=*/false);
    checkConstants(Op::FloorDiv, lanes, kDivisors, x, /*asScalar=*/true);
  }
}

TEST(EmitMathConstantInteger, ShiftsByConstants) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  const int32_t counts[] = {0, 1, 31, 32, 33, -1};
  const std::vector<int32_t> x = dividends(counts);
  for (int lanes : vectorLanes()) {
    checkConstants(Op::Shl, lanes, counts, x, /*asScalar=*/false);
    checkConstants(Op::Shr, lanes, counts, x, /*asScalar=*/true);
  }
}

//===----------------------------------------------------------------------===//
// Unary
//===----------------------------------------------------------------------===//

template <typename In, typename Out, typename Definition>
static void checkUnary(Op op, Element in, Element out, int lanes,
                       std::vector<In> inputs, Definition definition) {
  while (inputs.size() % 16 != 0)
    inputs.push_back(0);
  const JitKernel kernel(lanes, in, out,
                         [&](mlir::OpBuilder &b, mlir::Location loc,
                             mlir::Value x,
                             mlir::Value) { return emitUnary(b, loc, op, x); });
  const std::span<const In> x = inputs;
  std::vector<Out> result(x.size());
  kernel(x, x, std::span(result));
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_EQ(result[i], definition(x[i])) << x[i] << ", " << lanes;
}

template <typename Int> static void checkIntegerSigns(int lanes) {
  const Element element = elementOf<Int>();
  checkUnary<Int, Int>(
      Op::Abs, element, element, lanes, edges<Int>(),
      [](Int x) { return static_cast<Int>(x < 0 ? -Wide(x) : Wide(x)); });
  checkUnary<Int, Int>(Op::Sign, element, element, lanes, edges<Int>(),
                       [](Int x) {
                         return static_cast<Int>(x > 0 ? 1 : x < 0 ? -1 : 0);
                       });
}

TEST(EmitMathIntegerUnary, AbsWrapsAndSignIsOne) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  for (int lanes : allLanes()) {
    checkIntegerSigns<int32_t>(lanes);
    checkIntegerSigns<int64_t>(lanes);
  }
}

template <typename T> static int32_t saturate(T x) {
  using Limits = std::numeric_limits<int32_t>;
  if (x != x)
    return 0;
  if (x >= 0x1p31)
    return Limits::max();
  return x <= -0x1p31 ? Limits::min() : static_cast<int32_t>(x);
}

TEST(EmitMathIntegerUnary, ToI32Saturates) {
  if (!canRunJitKernels())
    GTEST_SKIP() << "[SKIP] needs AVX2 and FMA";
  std::vector<float> floats;
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 4093)
    floats.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  for (float limit : {0x1p31f, 0x1p24f, 1.0f, 0.0f})
    for (float direction : {-INFINITY, 0.0f, INFINITY})
      for (float sign : {1.0f, -1.0f})
        floats.push_back(sign * std::nextafter(limit, direction));
  floats.insert(floats.end(), {INFINITY, -INFINITY, NAN, 2.5f, -2.5f});
  for (int lanes : allLanes()) {
    checkUnary<float, int32_t>(Op::ToI32, Element::F32, Element::I32, lanes,
                               floats, saturate<float>);
    checkUnary<int64_t, int32_t>(
        Op::ToI32, Element::I64, Element::I32, lanes, edges<int64_t>(),
        [](int64_t x) {
          return static_cast<int32_t>(
              std::clamp(x, -(int64_t(1) << 31), (int64_t(1) << 31) - 1));
        });
  }
}

} // namespace attnjit::test
