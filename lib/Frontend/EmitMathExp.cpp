//===- EmitMathExp.cpp - Exponentials and the sigmoid ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// exp(x) = 2^k e^r with k = round(x / ln 2). Adding kRounder to a number
// rounds it to an integer: the sum's last bit counts ones. The sum's low bits
// are then that integer plus kRounderBias, which makes an exponent field.
//
// A clamp keeps k in range. NaN passes through it and wins every product, so
// the garbage that its bits make of 2^k does not matter.
//
//===----------------------------------------------------------------------===//

#include "EmitMathFunctions.h"

namespace attnjit {

/// 1.5 * 2^23, the middle of the numbers whose last bit counts ones.
static constexpr float kRounder = 0x1.8p23f;
static constexpr float kExponentBias = 127;

/// ln 2 in two parts; the first has few enough bits that k * kLn2Hi is exact.
static constexpr float kLn2Hi = 0x1.62e4p-1f;
static constexpr float kLn2Lo = 0x1.7f7d1cp-20f;
static constexpr float kLog2E = 0x1.715476p0f;

/// e^r for |r| <= ln(2)/2: relative error 3.2e-9.
static constexpr float kExp[] = {1,
                                 1,
                                 0.49999994f,
                                 0.166665211f,
                                 0.0416682549f,
                                 0.00836866256f,
                                 0.00138214685f};

/// 2^f for |f| <= 1/2: relative error 3.0e-9.
static constexpr float kExp2[] = {1,
                                  0.693147182f,
                                  0.240226477f,
                                  0.0555035993f,
                                  0.00961850584f,
                                  0.00133908063f,
                                  0.000153264627f};

/// 2^f for |f| <= 1/2, exact at 0: relative error 9.4e-8.
static constexpr float kSoftmaxExp2[] = {1,
                                         0.693147004f,
                                         0.240222469f,
                                         0.0555071086f,
                                         0.00967129227f,
                                         0.00132695353f};

/// p * 2^k for k in [-152, 130], where `biased` = kRounder + 2 * bias + k. The
/// two halves of k are exponents of normal numbers; only the last product
/// rounds, be it to a denormal or to infinity.
static Lanes scale(Lanes p, Lanes biased) {
  Lanes bits = biased.bits();
  Lanes half = shiftRightLogical(bits, 1);
  Lanes rest = bits - half;
  return p * (half << 23).bitsAsFloat() * (rest << 23).bitsAsFloat();
}

/// e^x for x in [-105, 89] or NaN.
static Lanes expOfClamped(Lanes x) {
  const float rounder = kRounder + 2 * kExponentBias;
  Lanes biased = fma(x, kLog2E, rounder);
  Lanes k = biased - rounder;
  Lanes r = fma(k, -kLn2Lo, fma(k, -kLn2Hi, x));
  return scale(polynomial(r, kExp), biased);
}

Lanes emitExp(Lanes x) {
  // e^89 overflows and e^-105 is less than half of the least denormal.
  return expOfClamped(maxOrSecond(-105, minOrSecond(89, x)));
}

Lanes emitExp2(Lanes x) {
  const float rounder = kRounder + 2 * kExponentBias;
  x = maxOrSecond(-151, minOrSecond(129, x));
  Lanes biased = x + rounder;
  return scale(polynomial(x - (biased - rounder), kExp2), biased);
}

Lanes emitSoftmaxExp2(Lanes x) {
  const float rounder = kRounder + kExponentBias;
  Lanes biased = x + rounder;
  Lanes power = (biased.bits() << 23).bitsAsFloat();
  Lanes p = polynomial(x - (biased - rounder), kSoftmaxExp2);
  // Below -126 the bits are garbage. The comparison is false for NaN.
  return select(greater(-126, x), 0, p * power);
}

/// 1 / (1 + e^-x) without overflow and with all digits of a small result: of
/// e = e^-|x|, it is 1 / (1 + e) for positive x and e / (1 + e) for others.
Lanes emitSigmoid(Lanes x) {
  Lanes e = expOfClamped(maxOrSecond(-105, negate(abs(x))));
  return select(greater(x, 0), 1, e) / (1 + e);
}

} // namespace attnjit
