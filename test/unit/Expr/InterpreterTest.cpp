//===- InterpreterTest.cpp - Tests of operations and loads ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values derived by hand from the language's definition, edge cases first.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Interpreter.h"

#include "InterpreterTestUtil.h"
#include "RandomExpr.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace attnjit {
namespace {

using namespace attnjit::test;

/// `op` on run-time values.
Value apply(Op op, std::initializer_list<Scalar> values) {
  std::vector<ParamDecl> decls;
  std::vector<Expr> operands;
  for (const Scalar &value : values) {
    decls.push_back({std::string(1, 'a' + decls.size()), value.type, {}});
    operands.push_back(Expr::param(decls.back()));
  }
  Bindings bindings;
  bindings.params = std::span(values.begin(), values.size());
  return evaluate(Expr::make(op, operands), bindings, decls);
}

int64_t i32(Op op, int32_t a) { return apply(op, {Scalar::i32(a)}).i; }
int64_t i32(Op op, int32_t a, int32_t b) {
  return apply(op, {Scalar::i32(a), Scalar::i32(b)}).i;
}
double f32(Op op, float a) { return apply(op, {Scalar::f32(a)}).f; }
double f32(Op op, float a, float b) {
  return apply(op, {Scalar::f32(a), Scalar::f32(b)}).f;
}
int64_t ofF32(Op op, float a) { return apply(op, {Scalar::f32(a)}).i; }
int64_t ofF32(Op op, float a, float b) {
  return apply(op, {Scalar::f32(a), Scalar::f32(b)}).i;
}

//===----------------------------------------------------------------------===//
// i32
//===----------------------------------------------------------------------===//

TEST(InterpreterI32, Wraps) {
  EXPECT_EQ(i32(Op::Add, kMax, 1), kMin);
  EXPECT_EQ(i32(Op::Sub, kMin, 1), kMax);
  EXPECT_EQ(i32(Op::Mul, 65536, 65536), 0);
  EXPECT_EQ(i32(Op::Mul, kMin, -1), kMin);
  EXPECT_EQ(i32(Op::Mul, 46341, 46341), -2147479015);
  EXPECT_EQ(i32(Op::Neg, kMin), kMin);
  EXPECT_EQ(i32(Op::Abs, kMin), kMin);
  EXPECT_EQ(i32(Op::Abs, -7), 7);
}

TEST(InterpreterI32, DividesTowardsMinusInfinity) {
  EXPECT_EQ(i32(Op::FloorDiv, 7, 2), 3);
  EXPECT_EQ(i32(Op::FloorDiv, -7, 2), -4);
  EXPECT_EQ(i32(Op::FloorDiv, 7, -2), -4);
  EXPECT_EQ(i32(Op::FloorDiv, -7, -2), 3);
  EXPECT_EQ(i32(Op::FloorDiv, -8, 2), -4);
  EXPECT_EQ(i32(Op::Mod, 7, 3), 1);
  EXPECT_EQ(i32(Op::Mod, -7, 3), 2);
  EXPECT_EQ(i32(Op::Mod, 7, -3), -2);
  EXPECT_EQ(i32(Op::Mod, -7, -3), -1);
  EXPECT_EQ(i32(Op::Mod, -6, 3), 0);
  EXPECT_EQ(i32(Op::Mod, 6, -3), 0);
}

TEST(InterpreterI32, DividesByZeroAndMinByMinusOne) {
  for (int32_t a : {0, 5, -5, kMin, kMax}) {
    EXPECT_EQ(i32(Op::FloorDiv, a, 0), 0);
    EXPECT_EQ(i32(Op::Mod, a, 0), 0);
    EXPECT_EQ(i32(Op::Mod, a, -1), 0);
  }
  EXPECT_EQ(i32(Op::FloorDiv, kMin, -1), kMin);
  EXPECT_EQ(i32(Op::FloorDiv, kMin, 2), -1073741824);
  EXPECT_EQ(i32(Op::FloorDiv, 1, kMin), -1);
  EXPECT_EQ(i32(Op::Mod, 1, kMin), kMin + 1);
}

TEST(InterpreterI32, ShiftsByCountsModulo32) {
  EXPECT_EQ(i32(Op::Shl, 1, 31), kMin);
  EXPECT_EQ(i32(Op::Shl, 1, 32), 1);
  EXPECT_EQ(i32(Op::Shl, 1, -1), kMin);
  EXPECT_EQ(i32(Op::Shl, 3, 33), 6);
  EXPECT_EQ(i32(Op::Shr, -1, 5), -1);
  EXPECT_EQ(i32(Op::Shr, kMin, 31), -1);
  EXPECT_EQ(i32(Op::Shr, kMin, 32), kMin);
  EXPECT_EQ(i32(Op::Shr, -7, 1), -4);
}

TEST(InterpreterI32, BitsSignMinMax) {
  EXPECT_EQ(i32(Op::And, -4, 7), 4);
  EXPECT_EQ(i32(Op::Or, -4, 3), -1);
  EXPECT_EQ(i32(Op::Xor, -1, 5), -6);
  EXPECT_EQ(i32(Op::Not, 5), -6);
  EXPECT_EQ(i32(Op::Sign, kMin), -1);
  EXPECT_EQ(i32(Op::Sign, 0), 0);
  EXPECT_EQ(i32(Op::Sign, 9), 1);
  EXPECT_EQ(i32(Op::Min, kMin, kMax), kMin);
  EXPECT_EQ(i32(Op::Max, kMin, kMax), kMax);
}

//===----------------------------------------------------------------------===//
// f32
//===----------------------------------------------------------------------===//

TEST(InterpreterF32, RoundsEachOperation) {
  EXPECT_BITS(f32(Op::Add, 0x1p24f, 1.0f), 0x1p24f);
  EXPECT_BITS(f32(Op::Add, 0x1p24f, 3.0f), 0x1p24f + 4.0f);
  EXPECT_BITS(f32(Op::Div, 1.0f, 3.0f), 1.0f / 3.0f);
  EXPECT_BITS(f32(Op::Mul, 3e38f, 2.0f), kInf);
  EXPECT_BITS(f32(Op::Mul, kTiny, 0.5f), 0.0f);
  EXPECT_BITS(f32(Op::Mul, kTiny, -0.5f), -0.0f);
  EXPECT_BITS(f32(Op::Sqrt, 2.0f), std::sqrt(2.0f));
  EXPECT_BITS(f32(Op::Sqrt, -0.0f), -0.0f);
}

/// Against the machine's own f32, results in the subnormal range included.
TEST(InterpreterF32, BasicOperationsAreCorrectlyRounded) {
  Random random(42);
  for (int k = 0; k < 20000; ++k) {
    float a = interestingF32(random), b = interestingF32(random);
    auto check = [&](Op op, float expected) {
      double actual = f32(op, a, b);
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(actual)) << a << ' ' << b;
      else
        EXPECT_BITS(actual, expected);
    };
    check(Op::Add, a + b);
    check(Op::Sub, a - b);
    check(Op::Mul, a * b);
    check(Op::Div, a / b);
  }
}

TEST(InterpreterF32, DividesByZeroAsIeee) {
  EXPECT_BITS(f32(Op::Div, 1.0f, 0.0f), kInf);
  EXPECT_BITS(f32(Op::Div, 1.0f, -0.0f), -kInf);
  EXPECT_TRUE(std::isnan(f32(Op::Div, 0.0f, 0.0f)));
}

TEST(InterpreterF32, MinMaxOrderZerosAndKeepNaN) {
  EXPECT_BITS(f32(Op::Min, 0.0f, -0.0f), -0.0f);
  EXPECT_BITS(f32(Op::Min, -0.0f, 0.0f), -0.0f);
  EXPECT_BITS(f32(Op::Max, -0.0f, 0.0f), 0.0f);
  EXPECT_BITS(f32(Op::Max, 0.0f, -0.0f), 0.0f);
  EXPECT_BITS(f32(Op::Min, kInf, 1.0f), 1.0f);
  EXPECT_BITS(f32(Op::Max, -kInf, 1.0f), 1.0f);
  for (Op op : {Op::Min, Op::Max}) {
    EXPECT_TRUE(std::isnan(f32(op, kNaN, 1.0f)));
    EXPECT_TRUE(std::isnan(f32(op, 1.0f, kNaN)));
  }
}

TEST(InterpreterF32, ComparesNaNAsFalseButUnequal) {
  for (Op op : {Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::Eq}) {
    EXPECT_EQ(ofF32(op, kNaN, 1.0f), 0);
    EXPECT_EQ(ofF32(op, kNaN, kNaN), 0);
  }
  EXPECT_EQ(ofF32(Op::Ne, kNaN, kNaN), 1);
  EXPECT_EQ(ofF32(Op::Eq, 0.0f, -0.0f), 1);
  EXPECT_EQ(ofF32(Op::Lt, -0.0f, 0.0f), 0);
}

TEST(InterpreterF32, RoundsToIntegers) {
  EXPECT_BITS(f32(Op::Round, 0.5f), 0.0f);
  EXPECT_BITS(f32(Op::Round, 1.5f), 2.0f);
  EXPECT_BITS(f32(Op::Round, 2.5f), 2.0f);
  EXPECT_BITS(f32(Op::Round, -0.5f), -0.0f);
  EXPECT_BITS(f32(Op::Floor, -0.5f), -1.0f);
  EXPECT_BITS(f32(Op::Ceil, -0.5f), -0.0f);
  EXPECT_BITS(f32(Op::Trunc, -1.75f), -1.0f);
  EXPECT_BITS(f32(Op::Floor, -kInf), -kInf);
}

TEST(InterpreterF32, SignKeepsZerosAndNaN) {
  EXPECT_BITS(f32(Op::Sign, -3.0f), -1.0f);
  EXPECT_BITS(f32(Op::Sign, kInf), 1.0f);
  EXPECT_BITS(f32(Op::Sign, 0.0f), 0.0f);
  EXPECT_BITS(f32(Op::Sign, -0.0f), -0.0f);
  EXPECT_TRUE(std::isnan(f32(Op::Sign, kNaN)));
}

TEST(InterpreterF32, FunctionsAtTheirEnds) {
  EXPECT_BITS(f32(Op::Exp, -kInf), 0.0f);
  EXPECT_BITS(f32(Op::Exp, kInf), kInf);
  EXPECT_BITS(f32(Op::Exp2, 10.0f), 1024.0f);
  EXPECT_BITS(f32(Op::Log, 0.0f), -kInf);
  EXPECT_TRUE(std::isnan(f32(Op::Log, -1.0f)));
  EXPECT_BITS(f32(Op::Log2, 8.0f), 3.0f);
  EXPECT_BITS(f32(Op::Rsqrt, 4.0f), 0.5f);
  EXPECT_BITS(f32(Op::Rsqrt, 0.0f), kInf);
  EXPECT_BITS(f32(Op::Rsqrt, -0.0f), -kInf);
  EXPECT_BITS(f32(Op::Rsqrt, kInf), 0.0f);
  EXPECT_BITS(f32(Op::Tanh, -kInf), -1.0f);
  EXPECT_BITS(f32(Op::Sigmoid, -kInf), 0.0f);
  EXPECT_BITS(f32(Op::Sigmoid, kInf), 1.0f);
  EXPECT_BITS(f32(Op::Sigmoid, 0.0f), 0.5f);
  EXPECT_BITS(f32(Op::Sigmoid, -3e38f), 0.0f);
  EXPECT_BITS(f32(Op::Erf, kInf), 1.0f);
  EXPECT_BITS(f32(Op::Gelu, -kInf), -0.0f);
  EXPECT_BITS(f32(Op::Gelu, kInf), kInf);
  EXPECT_BITS(f32(Op::Gelu, 0.0f), 0.0f);
  EXPECT_BITS(f32(Op::Gelu, -100.0f), -0.0f);
  EXPECT_NEAR(f32(Op::Gelu, 1.0f), 0.8413447460685429, 1e-7);
  EXPECT_NEAR(f32(Op::Gelu, -1.0f), -0.15865525393145705, 1e-8);
  EXPECT_BITS(f32(Op::Relu, -0.0f), 0.0f);
  EXPECT_BITS(f32(Op::Relu, -2.0f), 0.0f);
  EXPECT_TRUE(std::isnan(f32(Op::Relu, kNaN)));
  EXPECT_BITS(f32(Op::Pow, kNaN, 0.0f), 1.0f);
  EXPECT_BITS(f32(Op::Pow, -2.0f, 3.0f), -8.0f);
  EXPECT_TRUE(std::isnan(f32(Op::Pow, -2.0f, 0.5f)));
  EXPECT_BITS(f32(Op::Pow, 0.0f, -1.0f), kInf);
}

//===----------------------------------------------------------------------===//
// Conversions, logic, selection
//===----------------------------------------------------------------------===//

TEST(InterpreterConversions, F32ToI32Saturates) {
  EXPECT_EQ(ofF32(Op::ToI32, 1.9f), 1);
  EXPECT_EQ(ofF32(Op::ToI32, -1.9f), -1);
  EXPECT_EQ(ofF32(Op::ToI32, kNaN), 0);
  EXPECT_EQ(ofF32(Op::ToI32, kInf), kMax);
  EXPECT_EQ(ofF32(Op::ToI32, -kInf), kMin);
  EXPECT_EQ(ofF32(Op::ToI32, 0x1p31f), kMax);
  EXPECT_EQ(ofF32(Op::ToI32, -0x1p31f), kMin);
  EXPECT_EQ(ofF32(Op::ToI32, 2147483520.0f), 2147483520);
}

TEST(InterpreterConversions, Others) {
  EXPECT_BITS(apply(Op::ToF32, {Scalar::i32(kMax)}).f, 0x1p31f);
  EXPECT_BITS(apply(Op::ToF32, {Scalar::i32(16777217)}).f, 16777216.0f);
  EXPECT_BITS(apply(Op::ToF32, {Scalar::boolean(true)}).f, 1.0f);
  EXPECT_EQ(apply(Op::ToI32, {Scalar::boolean(true)}).i, 1);
  EXPECT_EQ(i32(Op::ToBool, 256), 1);
  EXPECT_EQ(i32(Op::ToBool, 0), 0);
  EXPECT_EQ(ofF32(Op::ToBool, -0.0f), 0);
  EXPECT_EQ(ofF32(Op::ToBool, kNaN), 1);
  EXPECT_EQ(ofF32(Op::ToBool, kTiny), 1);
}

TEST(InterpreterI64, HoldsWhatI32Wraps) {
  Expr wide = call(Op::Mul, {call(Op::ToI64, {q()}), call(Op::ToI64, {kv()})});
  Bindings bindings;
  bindings[Var::Q] = kMin;
  bindings[Var::Kv] = kMax;
  Value value = evaluate(wide, bindings);
  EXPECT_EQ(value.type, Type::I64);
  EXPECT_EQ(value.i, int64_t{kMin} * kMax);
  EXPECT_EQ(evaluate(call(Op::ToI32, {wide}), bindings).i, kMin);
  Expr quotient = call(Op::FloorDiv, {wide, Expr::i64(-7)});
  EXPECT_EQ(evaluate(quotient, bindings).i, 658812288039986322);
}

TEST(InterpreterLogic, Bool) {
  auto logic = [](Op op, bool a, bool b) {
    return apply(op, {Scalar::boolean(a), Scalar::boolean(b)}).i;
  };
  for (bool a : {false, true})
    for (bool b : {false, true}) {
      EXPECT_EQ(logic(Op::And, a, b), a && b);
      EXPECT_EQ(logic(Op::Or, a, b), a || b);
      EXPECT_EQ(logic(Op::Xor, a, b), a != b);
      EXPECT_EQ(logic(Op::Eq, a, b), a == b);
      EXPECT_EQ(logic(Op::Ne, a, b), a != b);
    }
  EXPECT_EQ(apply(Op::Not, {Scalar::boolean(true)}).i, 0);
  EXPECT_EQ(apply(Op::Not, {Scalar::boolean(false)}).i, 1);
}

TEST(InterpreterLogic, WhereDoesNotSeeTheOtherBranch) {
  Expr bad = call(Op::Div, {Expr::f32(0), Expr::f32(0)});
  Expr e = call(Op::Where, {call(Op::Lt, {q(), kv()}), Expr::f32(2), bad});
  Bindings bindings;
  bindings[Var::Kv] = 1;
  EXPECT_BITS(evaluate(e, bindings).f, 2.0f);
}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

BufferDecl bufferOf(DType element, int rank) {
  BufferDecl decl;
  decl.name = "t";
  decl.element = element;
  decl.dims.resize(rank, Dim::any());
  return decl;
}

/// t[q] for q = `position` in that memory.
template <typename T, size_t N>
Value loadAt(DType element, const std::array<T, N> &data, int32_t position,
             int64_t size = N, int64_t stride = 1) {
  BufferDecl decl = bufferOf(element, 1);
  BufferView view{data.data(), element, 1, {size, 1, 1, 1}, {stride, 0, 0, 0}};
  Bindings bindings;
  bindings[Var::Q] = position;
  bindings.buffers = {&view, 1};
  return evaluate(Expr::load(decl, std::array{q()}), bindings, {}, {&decl, 1});
}

TEST(InterpreterLoad, ConvertsElements) {
  EXPECT_BITS(loadAt(DType::F32, std::array{1.5f, -0.0f}, 1).f, -0.0f);
  EXPECT_BITS(loadAt(DType::F16, std::array<uint16_t, 1>{0x3E00}, 0).f, 1.5f);
  EXPECT_BITS(loadAt(DType::F16, std::array<uint16_t, 1>{0x0001}, 0).f,
              0x1p-24f);
  EXPECT_BITS(loadAt(DType::BF16, std::array<uint16_t, 1>{0xBFC0}, 0).f, -1.5f);
  EXPECT_EQ(loadAt(DType::I32, std::array{kMin}, 0).i, kMin);
  EXPECT_EQ(loadAt(DType::I64, std::array{int64_t{1} << 40}, 0).i, kMax);
  EXPECT_EQ(loadAt(DType::I64, std::array{-(int64_t{1} << 40)}, 0).i, kMin);
  EXPECT_EQ(loadAt(DType::I64, std::array{int64_t{-5}}, 0).i, -5);
  EXPECT_EQ(loadAt(DType::U8, std::array<uint8_t, 1>{200}, 0).i, 200);
  EXPECT_EQ(loadAt(DType::Bool, std::array<uint8_t, 1>{64}, 0).i, 1);
  EXPECT_EQ(loadAt(DType::Bool, std::array<uint8_t, 1>{0}, 0).i, 0);
}

TEST(InterpreterLoad, ClampsSubscripts) {
  std::array data = {10, 20, 30, 40};
  EXPECT_EQ(loadAt(DType::I32, data, -1).i, 10);
  EXPECT_EQ(loadAt(DType::I32, data, kMin).i, 10);
  EXPECT_EQ(loadAt(DType::I32, data, 4).i, 40);
  EXPECT_EQ(loadAt(DType::I32, data, kMax).i, 40);
  EXPECT_EQ(loadAt(DType::I32, data, 9, /*size=*/2, /*stride=*/2).i, 30);
}

TEST(InterpreterLoad, EmptyBuffersReadZero) {
  EXPECT_EQ(loadAt(DType::I32, std::array{7}, 0, /*size=*/0).i, 0);
  EXPECT_BITS(loadAt(DType::F32, std::array{7.0f}, 0, /*size=*/0).f, 0.0f);
  EXPECT_EQ(loadAt(DType::Bool, std::array<uint8_t, 1>{1}, 0, 0).i, 0);
}

TEST(InterpreterLoad, ClampsEachAxisOfAStridedBuffer) {
  // 2 x 3, transposed in memory.
  std::array<int32_t, 6> data = {0, 10, 1, 11, 2, 12};
  BufferDecl decl = bufferOf(DType::I32, 2);
  BufferView view{data.data(), DType::I32, 2, {2, 3, 1, 1}, {1, 2, 0, 0}};
  Expr e = Expr::load(decl, std::array{q(), kv()});
  for (int32_t row = -2; row < 5; ++row)
    for (int32_t column = -2; column < 5; ++column) {
      Bindings bindings;
      bindings[Var::Q] = row;
      bindings[Var::Kv] = column;
      bindings.buffers = {&view, 1};
      EXPECT_EQ(evaluate(e, bindings, {}, {&decl, 1}).i,
                std::clamp(row, 0, 1) * 10 + std::clamp(column, 0, 2));
    }
}

TEST(InterpreterLoad, ExtremesAreThoseOfTheBox) {
  // 3 x 4, the last axis backwards in memory.
  std::array<int32_t, 12> data = {3, -7, 12, 5, 0, 9, -2, 8, 1, 6, kMin, kMax};
  BufferDecl decl = bufferOf(DType::I32, 2);
  BufferView view{&data[3], DType::I32, 2, {3, 4, 1, 1}, {4, -1, 0, 0}};
  std::array ends = {Expr::var(Var::QLo), Expr::var(Var::QHi),
                     Expr::var(Var::KvLo), Expr::var(Var::KvHi)};
  Expr least = Expr::loadExtreme(Op::LoadMin, decl, ends);
  Expr greatest = Expr::loadExtreme(Op::LoadMax, decl, ends);
  for (int32_t top = -2; top < 5; ++top)
    for (int32_t bottom = -2; bottom < 5; ++bottom)
      for (int32_t left = -2; left < 6; ++left)
        for (int32_t right = -2; right < 6; ++right) {
          int64_t min = kMax, max = kMin;
          int32_t row0 = std::clamp(top, 0, 2),
                  column0 = std::clamp(left, 0, 3);
          int32_t row1 = std::max(row0, std::clamp(bottom, 0, 2));
          int32_t column1 = std::max(column0, std::clamp(right, 0, 3));
          for (int32_t row = row0; row <= row1; ++row)
            for (int32_t column = column0; column <= column1; ++column) {
              int64_t value = data[3 + 4 * row - column];
              min = std::min(min, value);
              max = std::max(max, value);
            }
          Bindings bindings;
          bindings[Var::QLo] = top;
          bindings[Var::QHi] = bottom;
          bindings[Var::KvLo] = left;
          bindings[Var::KvHi] = right;
          bindings.buffers = {&view, 1};
          ASSERT_EQ(evaluate(least, bindings, {}, {&decl, 1}).i, min);
          ASSERT_EQ(evaluate(greatest, bindings, {}, {&decl, 1}).i, max);
        }
  view.size[1] = 0;
  Bindings bindings;
  bindings.buffers = {&view, 1};
  EXPECT_EQ(evaluate(least, bindings, {}, {&decl, 1}).i, 0);
}

TEST(InterpreterLoad, RankZero) {
  float data = 2.5f;
  BufferDecl decl = bufferOf(DType::F32, 0);
  BufferView view{&data, DType::F32, 0, {1, 1, 1, 1}, {0, 0, 0, 0}};
  Bindings bindings;
  bindings.buffers = {&view, 1};
  EXPECT_BITS(evaluate(Expr::load(decl, {}), bindings, {}, {&decl, 1}).f, 2.5f);
}

} // namespace
} // namespace attnjit
