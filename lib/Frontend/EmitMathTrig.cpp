//===- EmitMathTrig.cpp - Sine and cosine ---------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x = n pi/2 + r with |r| <= pi/4, then a polynomial in r and the quadrant n.
// The reduction is done in f64: no f32 is closer than 2^-30 to a multiple of
// pi/2, so an error of 2^-58 in r keeps 28 bits of it.
//
//===----------------------------------------------------------------------===//

#include "EmitMathFunctions.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace attnjit {

/// (sin r - r) / r^3 in u = r^2: error 4.0e-9 relative to sin r.
static constexpr float kSin[] = {-0.166666552f, 0.00833218917f,
                                 -0.00019518286f};
/// cos r in u: relative error 1.2e-10.
static constexpr float kCos[] = {1, -0.5f, 0.0416666456f, -0.00138873095f,
                                 2.44323273e-05f};

static constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
/// pi/2 in two parts of 53 bits.
static constexpr double kHalfPiHi = 0x1.921fb54442d18p+0;
static constexpr double kHalfPiLo = 0x1.1a62633145c07p-54;

/// 1.5 * 2^52: adding it rounds to an integer, which the low bits then hold.
static constexpr double kRounder = 0x1.8p52;

/// From here on n may exceed what f64 arithmetic on it can bear.
static constexpr float kLarge = 0x1p48f;

/// Bits 24 to 197 of 2/pi in pieces of 29 bits. The first 23 bits are left
/// out: a large x is a multiple of 2^25, and times those, of 4.
static constexpr double kTwoOverPiPieces[] = {
    0x1.6e4e441p-24,  0x1.4a7f09cp-54, 0x1.5f47d4dp-82,
    0x1.bb81b6cp-113, 0x1.4acc9ep-143, 0x1.0e4107ep-170};

namespace {
/// In f64 lanes: r, and n in the low bits of `quadrant`.
struct Reduced {
  Lanes r, quadrant;
};
} // namespace

/// For |x| < kLarge. |n| < 2^48 is exact, and so is x - n kHalfPiHi: a
/// multiple of 2^-52 below 2. The error left is n times that of kHalfPiLo,
/// at most 2^-60.
static Reduced reduceOrdinary(Lanes x) {
  Lanes quadrant = fma(x, kTwoOverPi, kRounder);
  Lanes n = quadrant - kRounder;
  return {fma(n, -kHalfPiLo, fma(n, -kHalfPiHi, x)), quadrant};
}

/// For |x| >= kLarge. Each product with a piece of 2/pi is exact (24 and 29
/// bits), and so is its remainder modulo 4; what follows the last piece
/// contributes less than 2^-69. Two-sums keep what the sum rounds off.
static Reduced reduceLarge(Lanes x) {
  Lanes sum = x.constant(0), lost = x.constant(0);
  for (double piece : kTwoOverPiPieces) {
    Lanes product = x * piece;
    Lanes term = fma(round(product * 0.25), -4, product);
    Lanes next = sum + term;
    Lanes added = next - sum;
    lost = lost + ((sum - (next - added)) + (term - added));
    sum = next;
  }
  Lanes n = round(sum);
  return {((sum - n) + lost) * kHalfPiHi, n + kRounder};
}

static Lanes anyOf(Lanes condition) {
  if (!isa<VectorType>(condition.type()))
    return condition;
  return condition.emit<vector::ReductionOp>(vector::CombiningKind::OR,
                                             condition);
}

/// Each lane takes its own reduction, whichever branch is taken: a result
/// does not depend on the lanes beside it.
static Reduced reduce(Lanes x) {
  Lanes isLarge = greaterEqual(abs(x), kLarge);
  Lanes wide = toF64(x);
  Reduced ordinary = reduceOrdinary(wide);
  auto branch = scf::IfOp::create(
      x.b(), x.where(), anyOf(isLarge),
      [&](OpBuilder &b, Location loc) {
        Reduced large = reduceLarge(Lanes(b, loc, wide));
        Value results[] = {select(isLarge, large.r, ordinary.r),
                           select(isLarge, large.quadrant, ordinary.quadrant)};
        scf::YieldOp::create(b, loc, results);
      },
      [&](OpBuilder &b, Location loc) {
        Value results[] = {ordinary.r, ordinary.quadrant};
        scf::YieldOp::create(b, loc, results);
      });
  return {x.make(branch.getResult(0)), x.make(branch.getResult(1))};
}

/// sin(x + turns pi/2).
static Lanes emitShiftedSin(Lanes x, int turns) {
  Reduced reduced = reduce(x);
  Lanes n = lowHalf(reduced.quadrant.bits());
  if (turns != 0)
    n = n + turns;
  Lanes r = toF32(reduced.r);
  Lanes u = r * r;
  Lanes sine = fma(r * u, polynomial(u, kSin), r);
  Lanes cosine = polynomial(u, kCos);
  Lanes magnitude = select(differ(n & 1, 0), cosine, sine);
  return (magnitude.bits() ^ ((n & 2) << 30)).bitsAsFloat();
}

Lanes emitSin(Lanes x) {
  // The polynomial gives +0 for -0.
  return select(equal(x, 0), x, emitShiftedSin(x, 0));
}

Lanes emitCos(Lanes x) { return emitShiftedSin(x, 1); }

} // namespace attnjit
