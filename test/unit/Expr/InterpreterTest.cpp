//===- InterpreterTest.cpp - Tests of the interpreter ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values derived by hand from the language's definition, edge cases first; a
// direct recursive evaluation as the oracle of the tape.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Interpreter.h"

#include "Evaluate.h"
#include "RandomExpr.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace attnjit {
namespace {

using namespace attnjit::test;
using Mode = Interpreter::Mode;

constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();

Expr q() { return Expr::var(Var::Q); }
Expr kv() { return Expr::var(Var::Kv); }
Expr score() { return Expr::var(Var::Score); }
Expr call(Op op, std::initializer_list<Expr> operands) {
  return Expr::make(op, operands);
}

/// The value of one expression with everything bound to 0 but what is given.
Value evaluate(const Expr &e, const Bindings &bindings = {},
               std::span<const ParamDecl> params = {},
               std::span<const BufferDecl> buffers = {},
               Mode mode = Mode::F32) {
  auto interpreter = Interpreter::create({&e, 1}, params, buffers, mode);
  EXPECT_TRUE(interpreter) << (interpreter ? ""
                                           : interpreter.error().message());
  return interpreter ? interpreter->evaluate(bindings)[0] : Value();
}

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

/// Compares bits, so that -0 differs from 0.
#define EXPECT_BITS(actual, expected)                                          \
  EXPECT_EQ(std::bit_cast<uint64_t>(double(actual)),                           \
            std::bit_cast<uint64_t>(double(expected)))                         \
      << double(actual) << " is not " << double(expected)

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

TEST(InterpreterLoad, RankZero) {
  float data = 2.5f;
  BufferDecl decl = bufferOf(DType::F32, 0);
  BufferView view{&data, DType::F32, 0, {1, 1, 1, 1}, {0, 0, 0, 0}};
  Bindings bindings;
  bindings.buffers = {&view, 1};
  EXPECT_BITS(evaluate(Expr::load(decl, {}), bindings, {}, {&decl, 1}).f, 2.5f);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Expr reduce(ReduceKind kind, int64_t lo, int64_t hi,
            const std::function<Expr(Expr)> &body) {
  Expr variable = Expr::freshReduceVar();
  return Expr::reduce(kind, lo, hi, variable, body(variable));
}

TEST(InterpreterReduce, EachKind) {
  auto square = [](Expr i) { return call(Op::Mul, {i, i}); };
  EXPECT_EQ(evaluate(reduce(ReduceKind::Sum, -3, 5, square)).i, 44);
  EXPECT_EQ(evaluate(reduce(ReduceKind::Min, -3, 5, square)).i, 0);
  EXPECT_EQ(evaluate(reduce(ReduceKind::Max, -3, 5, square)).i, 16);
  auto isSix = [](Expr i) { return call(Op::Eq, {i, Expr::i32(6)}); };
  EXPECT_EQ(evaluate(reduce(ReduceKind::Any, 0, 7, isSix)).i, 1);
  EXPECT_EQ(evaluate(reduce(ReduceKind::Any, 0, 6, isSix)).i, 0);
  EXPECT_EQ(evaluate(reduce(ReduceKind::All, 6, 7, isSix)).i, 1);
  EXPECT_EQ(evaluate(reduce(ReduceKind::All, 5, 7, isSix)).i, 0);
}

TEST(InterpreterReduce, LongestRangeWraps) {
  Expr sum = reduce(ReduceKind::Sum, 0, kMaxReduceSteps,
                    [](Expr i) { return call(Op::Mul, {i, i}); });
  uint32_t expected = 0;
  for (uint32_t i = 0; i < 65536; ++i)
    expected += i * i;
  EXPECT_EQ(evaluate(sum).i, static_cast<int32_t>(expected));
}

TEST(InterpreterReduce, F32SumsInOrderAndRoundsEachStep) {
  Expr sum = reduce(ReduceKind::Sum, 1, 1000,
                    [](Expr i) { return call(Op::Div, {Expr::f32(1), i}); });
  float expected = 1;
  for (int i = 2; i < 1000; ++i)
    expected += 1.0f / static_cast<float>(i);
  EXPECT_BITS(evaluate(sum).f, expected);
  // No 0 is added: minus zero stays.
  Expr zeros = reduce(ReduceKind::Sum, 0, 3, [](Expr) { return score(); });
  Bindings bindings;
  bindings.score = -0.0;
  EXPECT_BITS(evaluate(zeros, bindings).f, -0.0f);
}

TEST(InterpreterReduce, NestedWithInvariantParts) {
  // sum i: q * i + max j: (i - j) * kv, over the variables of both.
  Expr e = reduce(ReduceKind::Sum, 0, 4, [](Expr i) {
    Expr inner = reduce(ReduceKind::Max, -1, 3, [&](Expr j) {
      return call(Op::Mul, {call(Op::Sub, {i, j}), kv()});
    });
    return call(Op::Add, {call(Op::Mul, {q(), i}), inner});
  });
  Bindings bindings;
  bindings[Var::Q] = 10;
  bindings[Var::Kv] = -3;
  int32_t expected = 0;
  for (int i = 0; i < 4; ++i) {
    int32_t inner = kMin;
    for (int j = -1; j < 3; ++j)
      inner = std::max(inner, (i - j) * -3);
    expected += 10 * i + inner;
  }
  EXPECT_EQ(evaluate(e, bindings).i, expected);
}

TEST(InterpreterReduce, BodiesSharedByReductionsOfOtherRanges) {
  Expr a = reduce(ReduceKind::Sum, 0, 3, [](Expr i) { return i; });
  Expr b = reduce(ReduceKind::Sum, 3, 7, [](Expr i) { return i; });
  ASSERT_EQ(a->operand(0), b->operand(0));
  EXPECT_EQ(evaluate(call(Op::Mul, {a, b})).i, 3 * 18);
}

//===----------------------------------------------------------------------===//
// Modes, magnitude, rows
//===----------------------------------------------------------------------===//

TEST(InterpreterModes, ReferenceComputesScoresInF64) {
  Expr third = call(Op::Div, {score(), Expr::f32(3)});
  Expr strict = call(Op::Div, {call(Op::ToF32, {q()}), Expr::f32(3)});
  Bindings bindings;
  bindings.score = 1.0 + 0x1p-40;
  bindings[Var::Q] = 1;
  auto at = [&](const Expr &e, Mode mode) {
    return evaluate(e, bindings, {}, {}, mode).f;
  };
  EXPECT_BITS(at(third, Mode::Reference), (1.0 + 0x1p-40) / 3);
  EXPECT_BITS(at(third, Mode::F32), 1.0f / 3.0f);
  EXPECT_BITS(at(strict, Mode::Reference), 1.0f / 3.0f);
  EXPECT_BITS(at(score(), Mode::F32), 1.0f);
  // i32 of a score-dependent value sees the f64.
  Expr scaled = call(Op::Mul, {score(), Expr::f32(0x1p24f)});
  Expr almost = call(Op::ToI32, {scaled});
  bindings.score = 1.0 - 0x1p-40;
  EXPECT_EQ(evaluate(almost, bindings, {}, {}, Mode::Reference).i,
            (1 << 24) - 1);
  EXPECT_EQ(evaluate(almost, bindings, {}, {}, Mode::F32).i, 1 << 24);
}

TEST(InterpreterModes, MagnitudeIsTheLargestFiniteScoreValue) {
  Expr big = call(Op::Mul, {score(), Expr::f32(-100)});
  Expr roots[] = {call(Op::Sub, {big, big}),
                  call(Op::Mul, {call(Op::ToF32, {q()}), Expr::f32(1e9f)}),
                  call(Op::Div, {score(), Expr::f32(0)})};
  auto interpreter = Interpreter::create(roots, {}, {}, Mode::Reference);
  ASSERT_TRUE(interpreter);
  Bindings bindings;
  bindings.score = 3;
  bindings[Var::Q] = 5;
  interpreter->evaluate(bindings);
  EXPECT_EQ(interpreter->maxMagnitude(), 300);
  bindings.score = 0.5;
  interpreter->evaluateNextKey(bindings);
  EXPECT_EQ(interpreter->maxMagnitude(), 50);
  bindings.score = NAN;
  interpreter->evaluate(bindings);
  EXPECT_EQ(interpreter->maxMagnitude(), 0);
}

TEST(InterpreterModes, MagnitudeSeesStepsOfReductions) {
  Expr sum = reduce(ReduceKind::Sum, 0, 5, [](Expr i) {
    return call(Op::Mul, {score(), call(Op::Sub, {Expr::i32(2), i})});
  });
  auto interpreter = Interpreter::create({&sum, 1}, {}, {}, Mode::Reference);
  ASSERT_TRUE(interpreter);
  Bindings bindings;
  bindings.score = 1;
  EXPECT_EQ(interpreter->evaluate(bindings)[0].f, 0);
  EXPECT_EQ(interpreter->maxMagnitude(), 3); // 2 + 1
}

TEST(InterpreterRows, NextKeyEqualsAFullEvaluation) {
  RandomExprOptions options = RandomExprOptions::everything();
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    RandomExpr source(seed, options);
    std::array roots = {source.make(Type::Bool), source.make(Type::F32)};
    auto row = Interpreter::create(roots, options.params, options.buffers,
                                   Mode::Reference);
    auto full = Interpreter::create(roots, options.params, options.buffers,
                                    Mode::Reference);
    ASSERT_TRUE(row && full);
    Random random(seed);
    RandomCaptures captures(random, options.params, options.buffers);
    Bindings bindings = randomBindings(random, captures);
    row->evaluate(bindings);
    for (int k = 0; k < 5; ++k) {
      bindings[Var::Kv] = interestingI32(random);
      bindings[Var::KvLocal] = interestingI32(random);
      bindings.score = interestingF32(random);
      bindings.prob = interestingF32(random);
      auto a = row->evaluateNextKey(bindings), b = full->evaluate(bindings);
      ASSERT_TRUE(isSameValue(a[0], b[0])) << "seed " << seed;
      ASSERT_TRUE(isSameValue(a[1], b[1])) << "seed " << seed;
      ASSERT_EQ(row->maxMagnitude(), full->maxMagnitude()) << "seed " << seed;
    }
  }
}

//===----------------------------------------------------------------------===//
// The tape against direct recursion
//===----------------------------------------------------------------------===//

/// Evaluates the tree as it is written, sharing and hoisting nothing. Loads
/// are left out: they are checked by hand above.
Slot evaluateTree(const Expr &e, const Bindings &bindings,
                  const std::map<std::string, Scalar> &params,
                  std::map<uint32_t, int64_t> &variables) {
  Slot slots[3] = {};
  Slot result = {.i = 0};
  switch (e->op()) {
  case Op::Const:
    return toSlot(e->constant());
  case Op::Var:
    if (e->var() == Var::Score)
      return {.f = bindings.score};
    if (e->var() == Var::Prob)
      return {.f = bindings.prob};
    return {.i = bindings.positions[static_cast<size_t>(e->var())]};
  case Op::SizeOf:
    return {.i = bindings.sizes[static_cast<size_t>(e->size())]};
  case Op::Param:
    return toSlot(params.at(e->param().name));
  case Op::ReduceVar:
    return {.i = variables.at(e->reduceVar())};
  case Op::Reduce: {
    OpFunction combine = opFunction(combiner(e->reduceKind()), e->type());
    auto outer = variables;
    for (int64_t i = e->reduceLo(); i < e->reduceHi(); ++i) {
      variables[e->reduceVar()] = i;
      Slot step = evaluateTree(e->operand(0), bindings, params, variables);
      result = i == e->reduceLo() ? step : combine(result, step, {.i = 0});
      if (e->type() == Type::F32)
        result.f = static_cast<float>(result.f);
    }
    variables = outer;
    return result;
  }
  default:
    break;
  }
  for (size_t k = 0; k < e->operands().size(); ++k)
    slots[k] = evaluateTree(e->operand(k), bindings, params, variables);
  Type operandType = e->operand(e->op() == Op::Where ? 1 : 0)->type();
  result = opFunction(e->op(), operandType)(slots[0], slots[1], slots[2]);
  if (e->type() == Type::F32)
    result.f = static_cast<float>(result.f);
  return result;
}

TEST(InterpreterTape, EqualsDirectRecursion) {
  RandomExprOptions options = RandomExprOptions::everything();
  options.buffers.clear();
  options.i64 = true;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    RandomExpr source(seed, options);
    Expr e =
        source.make(std::array{Type::I32, Type::F32, Type::Bool}[seed % 3]);
    auto interpreter =
        Interpreter::create({&e, 1}, options.params, {}, Mode::F32);
    ASSERT_TRUE(interpreter);
    Random random(seed);
    for (int k = 0; k < 3; ++k) {
      RandomCaptures captures(random, options.params, {});
      Bindings bindings = randomBindings(random, captures);
      std::map<std::string, Scalar> params;
      for (size_t p = 0; p < options.params.size(); ++p)
        params[options.params[p].name] = captures.params()[p];
      std::map<uint32_t, int64_t> variables;
      Slot slot = evaluateTree(e, bindings, params, variables);
      Value expected{e->type()};
      if (e->type() == Type::F32)
        expected.f = slot.f;
      else
        expected.i = slot.i;
      ASSERT_TRUE(isSameValue(interpreter->evaluate(bindings)[0], expected))
          << "seed " << seed;
    }
  }
}

//===----------------------------------------------------------------------===//
// Limits and errors
//===----------------------------------------------------------------------===//

TEST(InterpreterErrors, NameWhatIsMissing) {
  auto errorOf = [](const Expr &e, std::span<const ParamDecl> params = {},
                    std::span<const BufferDecl> buffers = {}) {
    auto result = Interpreter::create({&e, 1}, params, buffers, Mode::F32);
    return result ? std::string("no error") : result.error().message();
  };
  EXPECT_EQ(errorOf(Expr()), "an absent expression has no value");
  EXPECT_EQ(errorOf(Expr::invalid("because")), "because");
  EXPECT_EQ(errorOf(Expr::freshReduceVar()),
            "a reduction variable is used outside its reduction");
  ParamDecl wanted{"w", Type::I32, {}}, given{"w", Type::F32, {}};
  EXPECT_EQ(errorOf(Expr::param(wanted)), "param `w` is not among those given");
  EXPECT_EQ(errorOf(Expr::param(wanted), {&given, 1}),
            "param `w` is given as f32, the expression reads i32");
  BufferDecl vector = bufferOf(DType::F32, 1), matrix = bufferOf(DType::F16, 2);
  Expr load = Expr::load(vector, std::array{q()});
  EXPECT_EQ(errorOf(load), "buffer `t` is not among those given");
  EXPECT_EQ(errorOf(load, {}, {&matrix, 1}),
            "buffer `t` is given as f16 of rank 2, the expression reads f32 of "
            "rank 1");
}

TEST(InterpreterLimits, DeepAndShared) {
  Expr chain = q();
  while (chain->depth() < kMaxDepth)
    chain = call(Op::Xor, {chain, kv()});
  Bindings bindings;
  bindings[Var::Q] = 9;
  bindings[Var::Kv] = 5;
  EXPECT_EQ(evaluate(chain, bindings).i, 9 ^ 5); // 999 times
  Expr tree = q();
  for (int k = 0; k < 100; ++k)
    tree = call(Op::Add, {tree, tree});
  EXPECT_EQ(evaluate(tree, bindings).i, 0); // 9 * 2^100 modulo 2^32
}

/// Reductions that share a large body make a tape much longer than the graph:
/// refused, not attempted.
TEST(InterpreterLimits, RefusesATapeBeyondReason) {
  Expr variable = Expr::freshReduceVar();
  Expr body = variable;
  for (int k = 0; k < 600; ++k)
    body = call(Op::Xor, {body, variable});
  std::vector<Expr> sums;
  for (int n = 1; n <= 2000; ++n)
    sums.push_back(Expr::reduce(ReduceKind::Sum, 0, n, variable, body));
  auto result = Interpreter::create(sums, {}, {}, Mode::F32);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::Unsupported);
}

} // namespace
} // namespace attnjit
