//===- EmitMathExp.cpp - Exponentials and what is made of them ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// exp(x) = 2^k e^r with k = round(x / ln 2). Adding kRounder to a number
// rounds it to an integer, since the sum's last bit counts ones, and leaves
// that integer in the low bits. A bias added along with kRounder makes
// them an exponent field.
//
// A clamp keeps k in range. NaN passes through it and wins every product, so
// the garbage that its bits make of 2^k does not matter.
//
//===----------------------------------------------------------------------===//

#include "EmitMathFunctions.h"

#include <limits>

namespace attnjit {

/// 1.5 * 2^23, the middle of the numbers whose last bit counts ones.
static constexpr float kRounder = 0x1.8p23f;
static constexpr float kExponentBias = 127;

/// ln 2 in two parts; the first has few enough bits that k * kLn2Hi is exact.
static constexpr float kLn2Hi = 0x1.62e4p-1f;
static constexpr float kLn2Lo = 0x1.7f7d1cp-20f;
static constexpr float kLn2 = 0x1.62e43p-1f;
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

/// (e^r - 1 - r) / r^2 for |r| <= ln(2)/2: error 1.4e-8 relative to e^r - 1.
static constexpr float kExpm1[] = {0.49999997f, 0.166665465f, 0.0416674428f,
                                   0.00836625323f, 0.00138699473f};

/// log(1 - erf t) = t (kErf(t) - kErfHi) for t in [0, 3.95]: error 4.1e-9
/// relative to erf t. kErfHi is 2 / sqrt(pi), whose rounding kErf[0] mends.
static constexpr float kErfHi = 0x1.20dd76p0f;
static constexpr float kErf[] = {
    5.40812373e-08f, -0.636619389f,    -0.102777757f,
    0.0191527903f,   0.000160888871f,  -0.00166750478f,
    0.000633089745f, -0.000117709998f, 9.26372923e-06f};

/// Phi(-t) e^(t^2/2) = P(t) / Q(t), Phi the normal distribution, for t in
/// [0, 14.4]: relative error 1.4e-8.
static constexpr float kMillsP[] = {1, 0.874784946f, 0.365066022f,
                                    0.0807731748f, 0.00815337524f};
static constexpr float kMillsQ[] = {
    2, 3.34533954f, 2.39931941f, 0.935215712f, 0.202481583f, 0.0204372332f};

/// p * 2^k for k in [-152, 130], where `biased` = kRounder + 2 * bias + k. The
/// two halves of k are exponents of normal numbers; only the last product
/// rounds, be it to a denormal or to infinity.
static Lanes scale(Lanes p, Lanes biased) {
  Lanes bits = biased.bits();
  Lanes half = shiftRightLogical(bits, 1);
  Lanes rest = bits - half;
  return p * (half << 23).bitsAsFloat() * (rest << 23).bitsAsFloat();
}

namespace {
/// r = x - k ln 2, |r| <= ln(2)/2, and biased = kRounder + 2 * bias + k.
struct Reduced {
  Lanes r, biased;
};
} // namespace

static Reduced reduce(Lanes x) {
  const float rounder = kRounder + 2 * kExponentBias;
  Lanes biased = fma(x, kLog2E, rounder);
  Lanes k = biased - rounder;
  return {fma(k, -kLn2Lo, fma(k, -kLn2Hi, x)), biased};
}

/// e^x for x in [-105, 89] or NaN.
static Lanes expOfClamped(Lanes x) {
  auto [r, biased] = reduce(x);
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

//===----------------------------------------------------------------------===//
// Functions of e^x - 1
//===----------------------------------------------------------------------===//

/// e^x - 1 for x in [-80, 20] or NaN, to full relative accuracy near 0: with
/// x = k ln 2 + r, it is (2^k - 1) + 2^k (e^r - 1). One part of ln 2 is enough
/// for negative k, where its error of 2^-29 k counts 2^k times; for positive k
/// it costs at most 0.6 ulp.
static Lanes expm1OfClamped(Lanes x) {
  const float rounder = kRounder + kExponentBias;
  Lanes biased = fma(x, kLog2E, rounder);
  Lanes power = (biased.bits() << 23).bitsAsFloat();
  Lanes r = fma(biased - rounder, -kLn2, x);
  Lanes expm1 = fma(r, r * polynomial(r, kExpm1), r);
  return fma(power, expm1, power - 1);
}

/// magnitude, which is not negative, with the sign of x.
static Lanes withSignOf(Lanes x, Lanes magnitude) {
  const int32_t signBit = std::numeric_limits<int32_t>::min();
  return (magnitude.bits() | (x.bits() & signBit)).bitsAsFloat();
}

/// (e^2t - 1) / (e^2t + 1), t = |x|, with the sign of x. Of a large t, the
/// error of e^2t cancels.
Lanes emitTanh(Lanes x) {
  // From 9.1 on, less than half an ulp is left to 1.
  Lanes t = minOrSecond(9.1f, abs(x));
  Lanes expm1 = expm1OfClamped(t * 2);
  return withSignOf(x, expm1 / (expm1 + 2));
}

/// 1 - e^log(1 - erf t), t = |x|, with the sign of x.
Lanes emitErf(Lanes x) {
  Lanes t = minOrSecond(3.95f, abs(x));
  Lanes log = fma(t, -kErfHi, t * polynomial(t, kErf));
  return withSignOf(x, abs(expm1OfClamped(log)));
}

/// x Phi(x) = max(x, 0) - t Phi(-t), t = |x|: where x is negative, nothing
/// cancels, and where it is positive, t Phi(-t) is at most half of x.
Lanes emitGelu(Lanes x) {
  // Beyond 14.4 the second term is below half of the least denormal.
  Lanes t = minOrSecond(14.4f, abs(x));
  // -t^2/2 = exponent + rest exactly. Without the rest, up to 2^-18, the
  // result would lose many ulp.
  Lanes half = t * -0.5f;
  Lanes exponent = half * t;
  Lanes rest = fma(half, t, negate(exponent));
  auto [r, biased] = reduce(exponent);
  Lanes e = scale(polynomial(r + rest, kExp), biased);
  Lanes mills = polynomial(t, kMillsP) / polynomial(t, kMillsQ);
  // -0, so that the zeros of large negative x have the limit's sign.
  return maxOrSecond(-0.0f, x) - (t * e) * mills;
}

} // namespace attnjit
