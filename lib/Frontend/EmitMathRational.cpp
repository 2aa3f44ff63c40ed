//===- EmitMathRational.cpp - tanh, erf, gelu -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Quotients of polynomials: one division costs less than an exponential, and
// both functions of the kind are bounded and odd.
//
//===----------------------------------------------------------------------===//

#include "EmitMathFunctions.h"

#include <algorithm>
#include <iterator>

namespace attnjit {

/// tanh x = x P(u) / Q(u), u = x^2, for |x| <= 9.02: relative error 2.4e-8.
/// P starts with 1, which `saturatingOdd` adds.
static constexpr float kTanhP[] = {0.133826837f, 0.00349748391f, 2.0637659e-5f,
                                   1.3389597e-8f};
static constexpr float kTanhQ[] = {1, 0.467160046f, 0.0258843787f,
                                   0.000328861934f, 7.79183552e-7f};

/// erf x likewise for |x| <= 3.93: relative error 3.2e-8.
static constexpr float kErfP[] = {0.173751369f, 0.0473189726f, 0.00352648995f,
                                  0.000252290483f, 1.72047964e-6f};
static constexpr float kErfQ[] = {0.886226952f,   0.449391305f,
                                  0.103113964f,   0.0136496611f,
                                  0.00106784806f, 3.27493872e-5f};

/// Phi(-t) e^(t^2/2) = P(t) / Q(t), Phi the normal distribution, for t in
/// [0, 14.4]: relative error 1.4e-8.
static constexpr float kMillsP[] = {1, 0.874784946f, 0.365066022f,
                                    0.0807731748f, 0.00815337524f};
static constexpr float kMillsQ[] = {
    2, 3.34533954f, 2.39931941f, 0.935215712f, 0.202481583f, 0.0204372332f};

/// x (1 + u P(u)) / Q(u) with x clamped to +-limit, and the quotient to +-1.
/// All coefficients are positive, so that nothing cancels. NaN passes.
template <size_t M, size_t N>
static Lanes saturatingOdd(Lanes x, float limit, const float (&p)[M],
                           const float (&q)[N]) {
  x = maxOrSecond(-limit, minOrSecond(limit, x));
  Lanes u = x * x;
  // The last step keeps x whole: of a small x, P's rounding is not seen.
  Lanes numerator = fma(x * u, polynomial(u, p), x);
  Lanes quotient = numerator / polynomial(u, q);
  return maxOrSecond(-1, minOrSecond(1, quotient));
}

Lanes emitTanh(Lanes x) { return saturatingOdd(x, 9.02f, kTanhP, kTanhQ); }

Lanes emitErf(Lanes x) { return saturatingOdd(x, 3.93f, kErfP, kErfQ); }

/// x Phi(x) = max(x, 0) - t Phi(-t), t = |x|: where x is negative, nothing
/// cancels, and where it is positive, t Phi(-t) is at most half of x.
Lanes emitGelu(Lanes x) {
  // Beyond 14.4 the second term is below half of the least denormal.
  Lanes t = minOrSecond(14.4f, abs(x));
  // t^2 = square + rest exactly. e^-(square + rest)/2 is
  // e^-(square/2) (1 - rest/2): rest, up to 2^-17, would cost many ulp.
  Lanes square = t * t;
  Lanes rest = fma(t, t, negate(square));
  Lanes e = emitExp(square * -0.5f);
  Lanes weight = t * fma(rest, -0.5f, 1);
  Lanes tail = weight * polynomial(t, kMillsP) / polynomial(t, kMillsQ) * e;
  // -0, so that the zeros of large negative x have the limit's sign.
  return maxOrSecond(-0.0f, x) - tail;
}

} // namespace attnjit
