//===- EmitMathLog.cpp - Logarithms and powers ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x = 2^k m with m in [2/3, 4/3), so that nothing cancels when k is 0. The
// logarithm of m comes from a polynomial in m - 1; for powers, in f64, from
// one in (m - 1) / (m + 1), which has full relative accuracy with few terms.
//
//===----------------------------------------------------------------------===//

#include "EmitMathFunctions.h"

#include <limits>
#include <numbers>

namespace attnjit {

static constexpr float kInfinity = std::numeric_limits<float>::infinity();
static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// (log(1 + f) - f) / f^2 for |f| <= 1/3: error 4.7e-9 relative to log(1 + f).
static constexpr float kLog[] = {-0.5f,         0.333332151f,  -0.249998063f,
                                 0.200104266f,  -0.166801959f, 0.14005734f,
                                 -0.121874779f, 0.139845937f,  -0.128800541f};

/// The first part has few enough bits that its products with exponents, up to
/// 8 bits, are exact.
static constexpr float kLn2Hi = 0x1.62e4p-1f;
static constexpr float kLn2Lo = 0x1.7f7d1cp-20f;
static constexpr float kLog2EHi = 0x1.715476p0f;
static constexpr float kLog2ELo = 0x1.4ae0cp-26f;

namespace {
/// x = 2^k (1 + f), and log(1 + f) = f + tail.
struct Logarithm {
  Lanes k, f, tail;
};
} // namespace

/// Of positive finite x, denormals included.
static Logarithm logarithm(Lanes x) {
  Lanes isSmall = less(x, 0x1p-126f);
  Lanes normal = select(isSmall, x * 0x1p23f, x);
  // Bits above those of 2/3 count whole powers of two from there.
  Lanes bits = normal.bits();
  Lanes exponent = (bits - 0x3f2aaaab) >> 23;
  Lanes f = (bits - (exponent << 23)).bitsAsFloat() - 1;
  Lanes k = toF32(exponent) + select(isSmall, -23, x.constant(0));
  return {k, f, f * f * polynomial(f, kLog)};
}

/// `result` for positive finite x, and what C's math.h says for others.
static Lanes withSpecialCases(Lanes x, Lanes result) {
  // An infinity and NaN, which compare false, are their own logarithms.
  result = select(less(x, kInfinity), result, x);
  Lanes atMostZero = select(less(x, 0), kNaN, x.constant(-kInfinity));
  return select(lessEqual(x, 0), atMostZero, result);
}

Lanes emitLog(Lanes x) {
  auto [k, f, tail] = logarithm(x);
  Lanes small = f + fma(k, kLn2Lo, tail);
  return withSpecialCases(x, fma(k, kLn2Hi, small));
}

Lanes emitLog2(Lanes x) {
  auto [k, f, tail] = logarithm(x);
  Lanes low = fma(tail, kLog2EHi, f * kLog2ELo);
  return withSpecialCases(x, k + fma(f, kLog2EHi, low));
}

//===----------------------------------------------------------------------===//
// Powers
//===----------------------------------------------------------------------===//

/// (log2((1 + s) / (1 - s)) / s - 2 log2(e)) / u, u = s^2, for |s| <= 1/5:
/// error 1.7e-15 relative to the logarithm.
static constexpr double kLog2OfRatio[] = {
    0.96179669391840761, 0.57707802001422004, 0.41219799576579769,
    0.3206421327634007,  0.26070720702900235, 0.25075302891046053};

/// 2^f for |f| <= 1/2: relative error 4.7e-11.
static constexpr double kExp2[] = {1,
                                   0.69314718070453307,
                                   0.2402265106656134,
                                   0.055504103659909758,
                                   0.0096180381320262968,
                                   0.0013333935055590703,
                                   0.00015466756327380457,
                                   1.5196156492137531e-05};

/// 1.5 * 2^52: adding it rounds to an integer, which the low bits then hold.
static constexpr double kRounder = 0x1.8p52;

/// log2 of f64 lanes that hold positive numbers of f32's range.
static Lanes log2OfF64(Lanes x) {
  Lanes bits = x.bits();
  const int64_t twoThirds = 0x3fe5555555555555;
  // The high half holds all that tells the exponent.
  Lanes exponent = (bits - twoThirds) & ~((int64_t(1) << 52) - 1);
  Lanes m = (bits - exponent).bitsAsFloat();
  // AVX2 shifts no i64 arithmetically: the sum's bits are kRounder + k.
  Lanes biased = shiftRightLogical(exponent + (int64_t(1024) << 52), 52);
  Lanes k =
      (biased + int64_t(0x4338000000000000)).bitsAsFloat() - (kRounder + 1024);
  Lanes s = (m - 1) / (m + 1);
  Lanes u = s * s;
  Lanes tail = s * u * polynomial(u, kLog2OfRatio);
  return k + fma(s, 2 * std::numbers::log2e, tail);
}

/// 2^t of f64 lanes, for t in [-200, 200] or NaN.
static Lanes exp2OfF64(Lanes t) {
  Lanes biased = t + (kRounder + 1023);
  Lanes power = (biased.bits() << 52).bitsAsFloat();
  Lanes f = t - (biased - (kRounder + 1023));
  return polynomial(f, kExp2) * power;
}

/// |x|^y, with 0 and infinity as limits; NaN where the limits disagree.
static Lanes powOfMagnitude(Lanes x, Lanes y) {
  Lanes magnitude = abs(x);
  Lanes log = log2OfF64(toF64(magnitude));
  Lanes special = select(equal(magnitude, 0), -kInfinity, magnitude);
  Lanes isOrdinary = greater(magnitude, 0) & less(magnitude, kInfinity);
  log = select(isOrdinary, log, toF64(special));
  Lanes t = toF64(y) * log;
  t = maxOrSecond(-200, minOrSecond(200, t));
  // Rounds once, be it to a denormal or to infinity.
  return toF32(exp2OfF64(t));
}

Lanes emitPow(Lanes x, Lanes y) {
  Lanes result = powOfMagnitude(x, y);

  // A negative base: odd integers keep its sign, fractions make NaN.
  Lanes isInteger = equal(trunc(y), y);
  Lanes half = y * 0.5f;
  Lanes isOdd = isInteger & differ(trunc(half), half);
  Lanes signBit = select(isOdd, x.bits(), 0) & int32_t(0x80000000);
  result = (result.bits() | signBit).bitsAsFloat();
  Lanes isNegative = less(x, 0) & greater(x, -kInfinity);
  Lanes isFraction = differ(trunc(y), y);
  result = select(isNegative & isFraction, kNaN, result);

  // 1 whatever the other operand; and (-1)^inf.
  Lanes isOne =
      equal(x, 1) | equal(y, 0) | (equal(x, -1) & equal(abs(y), kInfinity));
  return select(isOne, 1, result);
}

} // namespace attnjit
