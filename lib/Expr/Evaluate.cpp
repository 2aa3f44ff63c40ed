//===- Evaluate.cpp - The value of one operation --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One table per operand type. An entry is a captureless lambda, lifted to an
// OpFunction that reads and writes the slots' right members.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

namespace attnjit {

//===----------------------------------------------------------------------===//
// From functions on numbers to functions on slots
//===----------------------------------------------------------------------===//

template <typename T> static T get(Slot slot) {
  if constexpr (std::is_same_v<T, double>)
    return slot.f;
  else
    return static_cast<T>(slot.i);
}

template <typename T> static Slot put(T value) {
  if constexpr (std::is_same_v<T, double>)
    return {.f = value};
  else
    return {.i = static_cast<int64_t>(value)};
}

template <typename T, auto function> static Slot unary(Slot a, Slot, Slot) {
  return put(function(get<T>(a)));
}

template <typename T, auto function> static Slot binary(Slot a, Slot b, Slot) {
  return put(function(get<T>(a), get<T>(b)));
}

static Slot same(Slot a, Slot, Slot) { return a; }
static Slot select(Slot c, Slot x, Slot y) { return c.i != 0 ? x : y; }

//===----------------------------------------------------------------------===//
// What C++ leaves undefined or to the machine
//===----------------------------------------------------------------------===//

int32_t saturateToI32(int64_t value) {
  using Limits = std::numeric_limits<int32_t>;
  if (value < Limits::min())
    return Limits::min();
  if (value > Limits::max())
    return Limits::max();
  return static_cast<int32_t>(value);
}

static int32_t truncateToI32(double value) {
  if (std::isnan(value))
    return 0;
  if (value <= -0x1p31)
    return std::numeric_limits<int32_t>::min();
  if (value >= 0x1p31)
    return std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(value);
}

/// Arithmetic modulo 2^32 or 2^64.
template <typename Int> struct Wrap {
  using Unsigned = std::make_unsigned_t<Int>;
  static constexpr Int kBits = std::numeric_limits<Unsigned>::digits;

  static Unsigned u(Int a) { return static_cast<Unsigned>(a); }
  static Int add(Int a, Int b) { return static_cast<Int>(u(a) + u(b)); }
  static Int sub(Int a, Int b) { return static_cast<Int>(u(a) - u(b)); }
  static Int mul(Int a, Int b) { return static_cast<Int>(u(a) * u(b)); }
  static Int neg(Int a) { return sub(0, a); }
  static Int shl(Int a, Int n) {
    return static_cast<Int>(u(a) << (u(n) % kBits));
  }
  static Int shr(Int a, Int n) { return a >> (u(n) % kBits); }

  static Int floorDiv(Int a, Int b) {
    if (b == 0)
      return 0;
    if (b == -1) // the only quotient that can leave the type
      return neg(a);
    Int quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
  }
  static Int floorMod(Int a, Int b) {
    if (b == 0 || b == -1)
      return 0;
    Int remainder = a % b;
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b
                                                        : remainder;
  }
};

/// NaN if either is NaN; -0 < +0.
static double minimum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return a + b;
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
static double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return a + b;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a < b ? b : a;
}

/// Zeros and NaN are their own sign.
static double signOf(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }

/// x * Phi(x). erfc keeps the digits that 1 + erf(x) would cancel. The limit
/// at -inf is -0, where the formula gives 0 * inf.
static double gelu(double x) {
  if (x == -std::numeric_limits<double>::infinity())
    return -0.0;
  return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
}

//===----------------------------------------------------------------------===//
// The tables
//===----------------------------------------------------------------------===//

// clang-format off
static OpFunction f32Function(Op op) {
  using F = double;
  switch (op) {
  case Op::Neg:     return unary<F, [](F a) { return -a; }>;
  case Op::Abs:     return unary<F, [](F a) { return std::fabs(a); }>;
  case Op::Sign:    return unary<F, [](F a) { return signOf(a); }>;
  case Op::Floor:   return unary<F, [](F a) { return std::floor(a); }>;
  case Op::Ceil:    return unary<F, [](F a) { return std::ceil(a); }>;
  case Op::Trunc:   return unary<F, [](F a) { return std::trunc(a); }>;
  // In the default rounding mode: half to even.
  case Op::Round:   return unary<F, [](F a) { return std::nearbyint(a); }>;
  case Op::Exp:     return unary<F, [](F a) { return std::exp(a); }>;
  case Op::Exp2:    return unary<F, [](F a) { return std::exp2(a); }>;
  case Op::Log:     return unary<F, [](F a) { return std::log(a); }>;
  case Op::Log2:    return unary<F, [](F a) { return std::log2(a); }>;
  case Op::Sqrt:    return unary<F, [](F a) { return std::sqrt(a); }>;
  case Op::Rsqrt:   return unary<F, [](F a) { return 1.0 / std::sqrt(a); }>;
  case Op::Tanh:    return unary<F, [](F a) { return std::tanh(a); }>;
  case Op::Sigmoid: return unary<F, [](F a) { return 1.0 / (1.0 + std::exp(-a)); }>;
  case Op::Erf:     return unary<F, [](F a) { return std::erf(a); }>;
  case Op::Sin:     return unary<F, [](F a) { return std::sin(a); }>;
  case Op::Cos:     return unary<F, [](F a) { return std::cos(a); }>;
  case Op::Gelu:    return unary<F, [](F a) { return gelu(a); }>;
  case Op::Relu:    return unary<F, [](F a) { return maximum(a, 0.0); }>;
  case Op::ToF32:   return same;
  case Op::ToI32:   return unary<F, [](F a) { return truncateToI32(a); }>;
  case Op::ToBool:  return unary<F, [](F a) { return a != 0; }>;
  case Op::Add:     return binary<F, [](F a, F b) { return a + b; }>;
  case Op::Sub:     return binary<F, [](F a, F b) { return a - b; }>;
  case Op::Mul:     return binary<F, [](F a, F b) { return a * b; }>;
  case Op::Div:     return binary<F, [](F a, F b) { return a / b; }>;
  case Op::Lt:      return binary<F, [](F a, F b) { return a < b; }>;
  case Op::Le:      return binary<F, [](F a, F b) { return a <= b; }>;
  case Op::Gt:      return binary<F, [](F a, F b) { return b < a; }>;
  case Op::Ge:      return binary<F, [](F a, F b) { return b <= a; }>;
  case Op::Eq:      return binary<F, [](F a, F b) { return a == b; }>;
  case Op::Ne:      return binary<F, [](F a, F b) { return a != b; }>;
  case Op::Min:     return binary<F, [](F a, F b) { return minimum(a, b); }>;
  case Op::Max:     return binary<F, [](F a, F b) { return maximum(a, b); }>;
  case Op::Pow:     return binary<F, [](F a, F b) { return std::pow(a, b); }>;
  case Op::Where:   return select;
  default:          return nullptr;
  }
}

template <typename I> static OpFunction integerFunction(Op op) {
  using W = Wrap<I>;
  switch (op) {
  case Op::Neg:      return unary<I, [](I a) { return W::neg(a); }>;
  case Op::Not:      return unary<I, [](I a) { return static_cast<I>(~a); }>;
  case Op::Abs:      return unary<I, [](I a) { return a < 0 ? W::neg(a) : a; }>;
  case Op::Sign:     return unary<I, [](I a) { return static_cast<I>((0 < a) - (a < 0)); }>;
  case Op::ToF32:    return unary<I, [](I a) { return static_cast<double>(a); }>;
  case Op::ToI32:    return unary<I, [](I a) { return saturateToI32(a); }>;
  case Op::ToBool:   return unary<I, [](I a) { return a != 0; }>;
  case Op::ToI64:    return same;
  case Op::Add:      return binary<I, [](I a, I b) { return W::add(a, b); }>;
  case Op::Sub:      return binary<I, [](I a, I b) { return W::sub(a, b); }>;
  case Op::Mul:      return binary<I, [](I a, I b) { return W::mul(a, b); }>;
  case Op::FloorDiv: return binary<I, [](I a, I b) { return W::floorDiv(a, b); }>;
  case Op::Mod:      return binary<I, [](I a, I b) { return W::floorMod(a, b); }>;
  case Op::And:      return binary<I, [](I a, I b) { return static_cast<I>(a & b); }>;
  case Op::Or:       return binary<I, [](I a, I b) { return static_cast<I>(a | b); }>;
  case Op::Xor:      return binary<I, [](I a, I b) { return static_cast<I>(a ^ b); }>;
  case Op::Shl:      return binary<I, [](I a, I b) { return W::shl(a, b); }>;
  case Op::Shr:      return binary<I, [](I a, I b) { return W::shr(a, b); }>;
  case Op::Lt:       return binary<I, [](I a, I b) { return a < b; }>;
  case Op::Le:       return binary<I, [](I a, I b) { return a <= b; }>;
  case Op::Gt:       return binary<I, [](I a, I b) { return b < a; }>;
  case Op::Ge:       return binary<I, [](I a, I b) { return b <= a; }>;
  case Op::Eq:       return binary<I, [](I a, I b) { return a == b; }>;
  case Op::Ne:       return binary<I, [](I a, I b) { return a != b; }>;
  case Op::Min:      return binary<I, [](I a, I b) { return a < b ? a : b; }>;
  case Op::Max:      return binary<I, [](I a, I b) { return a < b ? b : a; }>;
  case Op::Where:    return select;
  default:           return nullptr;
  }
}

static OpFunction boolFunction(Op op) {
  using B = bool;
  switch (op) {
  case Op::Not:    return unary<B, [](B a) { return !a; }>;
  case Op::ToF32:  return unary<B, [](B a) { return a ? 1.0 : 0.0; }>;
  case Op::ToI32:
  case Op::ToI64:
  case Op::ToBool: return same;
  case Op::And:    return binary<B, [](B a, B b) { return a && b; }>;
  case Op::Or:     return binary<B, [](B a, B b) { return a || b; }>;
  case Op::Xor:
  case Op::Ne:     return binary<B, [](B a, B b) { return a != b; }>;
  case Op::Eq:     return binary<B, [](B a, B b) { return a == b; }>;
  case Op::Where:  return select;
  default:         return nullptr;
  }
}
// clang-format on

OpFunction opFunction(Op op, Type operandType) {
  switch (operandType) {
  case Type::F32:
    return f32Function(op);
  case Type::I32:
    return integerFunction<int32_t>(op);
  case Type::I64:
    return integerFunction<int64_t>(op);
  case Type::Bool:
    return boolFunction(op);
  }
  return nullptr;
}

Op combiner(ReduceKind kind) {
  switch (kind) {
  case ReduceKind::Any:
    return Op::Or;
  case ReduceKind::All:
    return Op::And;
  case ReduceKind::Sum:
    return Op::Add;
  case ReduceKind::Min:
    return Op::Min;
  case ReduceKind::Max:
    return Op::Max;
  }
  return Op::Invalid;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Slot toSlot(const Scalar &value) {
  switch (value.type) {
  case Type::F32:
    return {.f = value.asF32()};
  case Type::I32:
    return {.i = value.asI32()};
  case Type::I64:
    return {.i = value.asI64()};
  case Type::Bool:
    return {.i = value.asBool()};
  }
  return {.i = 0};
}

Scalar toScalar(Slot value, Type type) {
  switch (type) {
  case Type::F32:
    return Scalar::f32(std::isnan(value.f)
                           ? std::numeric_limits<float>::quiet_NaN()
                           : static_cast<float>(value.f));
  case Type::I32:
    return Scalar::i32(static_cast<int32_t>(value.i));
  case Type::I64:
    return Scalar::i64(value.i);
  case Type::Bool:
    return Scalar::boolean(value.i != 0);
  }
  return {};
}

std::optional<Scalar> evaluateOp(Op op, Type resultType,
                                 std::span<const Scalar> operands) {
  if (operands.empty() || operands.size() > 3)
    return std::nullopt;
  OpFunction function = opFunction(op, operands[op == Op::Where ? 1 : 0].type);
  if (!function)
    return std::nullopt;
  Slot slots[3] = {};
  for (size_t k = 0; k < operands.size(); ++k)
    slots[k] = toSlot(operands[k]);
  return toScalar(function(slots[0], slots[1], slots[2]), resultType);
}

} // namespace attnjit
