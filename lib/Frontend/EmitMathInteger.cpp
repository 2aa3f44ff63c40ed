//===- EmitMathInteger.cpp - Total integer operations ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x86 has no vector division of integers, so i32 lanes divide by constants
// through a multiplication (Granlund and Montgomery, PLDI 1994) and by others
// in f64. i64 occurs in the bounds of tiles alone, on scalars, where the
// machine's division serves.
//
//===----------------------------------------------------------------------===//

#include "EmitMathFunctions.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

#include <limits>
#include <optional>

using namespace mlir;

namespace attnjit {

/// The value of a constant, the same in all lanes.
static std::optional<int64_t> constantOf(Value value) {
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    value = broadcast.getSource();
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

/// `condition` as 0 or -1 of x's type.
static Lanes maskOf(Lanes condition, Lanes x) {
  return x.emit<arith::ExtSIOp>(x.type(), condition);
}

//===----------------------------------------------------------------------===//
// i32 by a constant
//===----------------------------------------------------------------------===//

/// u / divisor, rounded down, for i32 lanes read as unsigned u in [0, 2^31].
///
/// With 2^(s-1) < divisor < 2^s, factor = ceil(2^(31+s) / divisor) and
/// excess = factor * divisor - 2^(31+s) < divisor:
///   u * factor / 2^(31+s) = u / divisor + u * excess / (divisor 2^(31+s)),
/// and the last term is less than 1 / divisor, as u * excess < 2^31 2^s. So no
/// integer lies between. factor < 2^32, and the product fits in 64 bits.
static Lanes unsignedQuotient(Lanes u, uint32_t divisor) {
  if (llvm::isPowerOf2_32(divisor))
    return shiftRightLogical(u, llvm::Log2_32(divisor));
  const unsigned s = llvm::Log2_32_Ceil(divisor);
  const uint64_t factor = ((uint64_t(1) << (31 + s)) + divisor - 1) / divisor;
  Lanes wide = u.emit<arith::ExtUIOp>(u.integers(64), u);
  Lanes high = lowHalf(shiftRightLogical(wide * factor, 32));
  return shiftRightLogical(high, s - 1);
}

/// floor(x / divisor), by way of ~floor(a / d) = floor(~a / d), which makes
/// the dividend non-negative. For a negative divisor the dividend is -x: of a
/// positive x it is negative, and ~-x is x - 1.
static Lanes floorDivByConstant(Lanes x, int32_t divisor) {
  if (divisor == 0)
    return x.constant(0);
  if (divisor > 0) {
    if (llvm::isPowerOf2_32(divisor))
      return x >> llvm::Log2_32(divisor);
    Lanes isNegative = x >> 31;
    return unsignedQuotient(x ^ isNegative, divisor) ^ isNegative;
  }
  Lanes isPositive = maskOf(greater(x, 0), x);
  Lanes dividend = (x - 1) ^ isPositive ^ -1;
  return unsignedQuotient(dividend, -static_cast<uint32_t>(divisor)) ^
         isPositive;
}

static Lanes floorModByConstant(Lanes x, int32_t divisor) {
  if (divisor == 0)
    return x.constant(0);
  if (divisor > 0 && llvm::isPowerOf2_32(divisor))
    return x & (divisor - 1);
  return x - floorDivByConstant(x, divisor) * divisor;
}

//===----------------------------------------------------------------------===//
// i32 by any divisor
//===----------------------------------------------------------------------===//

/// floor(x / y) modulo 2^32; any value where y is 0.
///
/// Both are exact in f64. If x / y is no integer, the nearest one is at least
/// 1 / |y| away, and rounding moves the quotient by at most |x / y| 2^-53 <=
/// 2^-22 / |y|: its floor is the right one. 2^31, the quotient of the
/// smallest integer by -1, has its low bits in the sum as any other.
static Lanes floorDivInF64(Lanes x, Lanes y) {
  const double holdsIntegers = 0x1.8p52;
  Lanes quotient = floor(toF64(x) / toF64(y));
  return lowHalf((quotient + holdsIntegers).bits());
}

//===----------------------------------------------------------------------===//
// i64
//===----------------------------------------------------------------------===//

namespace {
struct Division {
  Lanes quotient, remainder;
};
} // namespace

/// Floor division of any integers. Divisors 0 and -1, with which the machine's
/// instruction may trap, are divided as 1 and mended.
static Division floorDivision(Lanes x, Lanes y) {
  Lanes isMinusOne = equal(y, -1);
  Lanes isZero = equal(y, 0);
  Lanes divisor = select(isMinusOne | isZero, 1, y);
  Lanes quotient = x.emit<arith::DivSIOp>(x, divisor);
  Lanes remainder = x - quotient * divisor;
  Lanes roundsUp = differ(remainder, 0) & less(remainder ^ divisor, 0);
  quotient = quotient + maskOf(roundsUp, x);
  remainder = select(roundsUp, remainder + divisor, remainder);
  quotient = select(isMinusOne, 0 - x, quotient);
  return {select(isZero, 0, quotient), remainder};
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Lanes emitFloorDiv(Lanes x, Lanes y) {
  if (x.bitWidth() != 32)
    return floorDivision(x, y).quotient;
  if (std::optional<int64_t> divisor = constantOf(y))
    return floorDivByConstant(x, static_cast<int32_t>(*divisor));
  return select(equal(y, 0), 0, floorDivInF64(x, y));
}

Lanes emitFloorMod(Lanes x, Lanes y) {
  if (x.bitWidth() != 32)
    return floorDivision(x, y).remainder;
  if (std::optional<int64_t> divisor = constantOf(y))
    return floorModByConstant(x, static_cast<int32_t>(*divisor));
  return select(equal(y, 0), 0, x - floorDivInF64(x, y) * y);
}

/// `count` modulo the width; a constant is reduced here.
static Lanes countInRange(Lanes count) {
  const int64_t mask = count.bitWidth() - 1;
  if (std::optional<int64_t> constant = constantOf(count))
    return count.constant(*constant & mask);
  return count & mask;
}

Lanes emitShiftLeft(Lanes x, Lanes count) { return x << countInRange(count); }
Lanes emitShiftRight(Lanes x, Lanes count) { return x >> countInRange(count); }

Lanes emitSaturateToI32(Lanes x) {
  using Limits = std::numeric_limits<int32_t>;
  if (!x.isFloat()) {
    Lanes atMost = x.emit<arith::MinSIOp>(x, x.constant(Limits::max()));
    return lowHalf(x.emit<arith::MaxSIOp>(atMost, x.constant(Limits::min())));
  }
  // 2^31 - 128 is the greatest f32 that an i32 holds; NaN becomes 0 first.
  Lanes number = select(equal(x, x), x, 0);
  number = maxOrSecond(-0x1p31f, minOrSecond(0x1.fffffep30f, number));
  Lanes converted = x.emit<arith::FPToSIOp>(x.integers(32), number);
  return select(greaterEqual(x, 0x1p31f), Limits::max(), converted);
}

} // namespace attnjit
