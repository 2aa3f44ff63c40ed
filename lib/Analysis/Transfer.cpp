//===- Transfer.cpp - What each operation does to intervals ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In the comments x = [a, b] and y = [c, d] are the operands, n is a constant.
//
//===----------------------------------------------------------------------===//

#include "Transfer.h"

#include <algorithm>
#include <array>
#include <bit>

namespace attnjit::interval {

namespace {

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// x + y in [a + c, b + d]. Exact where it cannot wrap.
Interval add(const Interval &x, const Interval &y) {
  return fit(x.lo + y.lo, x.hi + y.hi);
}

/// x - y in [a - d, b - c]. Exact where it cannot wrap.
Interval sub(const Interval &x, const Interval &y) {
  return fit(x.lo - y.hi, x.hi - y.lo);
}

/// -x in [-b, -a]. Exact where INT_MIN is excluded.
Interval neg(const Interval &x) { return fit(-x.hi, -x.lo); }

/// ~x = -1 - x in [-1 - b, -1 - a]. Exact: it cannot wrap.
Interval complement(const Interval &x) {
  return fit(constant(-1) - x.hi, constant(-1) - x.lo);
}

/// x * y between the least and the greatest of the products of the ends; two
/// of them where one factor is a singleton, decided where its sign is known.
/// Exact where it cannot wrap.
Interval mul(const Interval &x, const Interval &y) {
  if (x.isSingleton() && !y.isSingleton())
    return mul(y, x);
  if (y.lo.min >= 0 && y.isSingleton())
    return fit(x.lo * y.lo, x.hi * y.lo);
  if (y.hi.max <= 0 && y.isSingleton())
    return fit(x.hi * y.lo, x.lo * y.lo);
  Bound p = x.lo * y.lo, q = x.hi * y.lo;
  if (y.isSingleton())
    return fit(min(p, q), max(p, q));
  Bound r = x.lo * y.hi, s = x.hi * y.hi;
  return fit(min(min(p, q), min(r, s)), max(max(p, q), max(r, s)));
}

/// abs(x) in [max(a, -b, 0), max(-a, b)]. Exact where INT_MIN is excluded.
Interval abs(const Interval &x) {
  return fit(max(max(x.lo, -x.hi), constant(0)), max(-x.lo, x.hi));
}

/// x * x in [abs(x).lo ^ 2, abs(x).hi ^ 2]: closer than `mul`, which takes the
/// factors as independent.
Interval square(const Interval &x) {
  Interval magnitude = {max(max(x.lo, -x.hi), constant(0)), max(-x.lo, x.hi)};
  return fit(magnitude.lo * magnitude.lo, magnitude.hi * magnitude.hi);
}

/// sign is monotone: [sign(a), sign(b)]. Exact.
Interval sign(const Interval &x) {
  auto signOf = [](const Bound &bound) {
    return min(max(bound, constant(-1)), constant(1));
  };
  return {signOf(x.lo), signOf(x.hi)};
}

/// min is monotone in both: [min(a, c), min(b, d)]. Exact.
Interval minimum(const Interval &x, const Interval &y) {
  return {min(x.lo, y.lo), min(x.hi, y.hi)};
}

/// max is monotone in both: [max(a, c), max(b, d)]. Exact.
Interval maximum(const Interval &x, const Interval &y) {
  return {max(x.lo, y.lo), max(x.hi, y.hi)};
}

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

/// x // n is monotone: [a // n, b // n], ends swapped for n < 0. Exact, but
/// for INT_MIN // -1, which wraps.
Interval floorDivConstant(const Interval &x, int64_t n) {
  if (n == 0)
    return constantInterval(0, 0);
  Bound atLo = floorDiv(x.lo, constant(n)), atHi = floorDiv(x.hi, constant(n));
  return n > 0 ? fit(atLo, atHi) : fit(atHi, atLo);
}

/// x // y. Where c >= 1 it is monotone in x, and in y on either side of x = 0:
/// [min(a//c, a//d), max(b//c, b//d)], exact. Otherwise, with m = max(abs(a),
/// abs(b)): abs(x // y) <= abs(x), so [-m, m], division by 0 included.
Interval floorDivide(const Interval &x, const Interval &y) {
  if (auto n = y.constant())
    return floorDivConstant(x, *n);
  Bound one = constant(1);
  Bound c = within(max(y.lo, one), 1, kI32Max);
  Bound d = within(max(y.hi, one), 1, kI32Max);
  Expr positive = lessEqual(one, y.lo);
  Bound magnitude = max(-x.lo, x.hi);
  Bound lo = min(floorDiv(x.lo, c), floorDiv(x.lo, d));
  Bound hi = max(floorDiv(x.hi, c), floorDiv(x.hi, d));
  return fit(select(positive, lo, -magnitude), select(positive, hi, magnitude));
}

/// x % y, which has the sign of y: in [min(c + 1, 0), max(d - 1, 0)], modulo 0
/// included. With one divisor n, where a // n == b // n no multiple is crossed
/// and it is [a - n * (a // n), b - n * (b // n)]. Exact for constant n.
Interval modulo(const Interval &x, const Interval &y) {
  Bound zero = constant(0), one = constant(1);
  Interval hull = {min(y.lo + one, zero), max(y.hi - one, zero)};
  hull.lo = within(hull.lo, kI32Min, 0);
  hull.hi = within(hull.hi, 0, kI32Max);
  if (!y.isSingleton())
    return hull;
  bool excludesZero = y.lo.min > 0 || y.lo.max < 0;
  if (!excludesZero && y.constant())
    return constantInterval(0, 0);
  // A run-time divisor gets the closer rule where it is positive.
  Expr lawful = excludesZero ? Expr::boolean(true) : lessEqual(one, y.lo);
  Bound n = excludesZero ? y.lo : within(max(y.lo, one), 1, kI32Max);
  Bound quotientLo = floorDiv(x.lo, n), quotientHi = floorDiv(x.hi, n);
  Expr uncrossed = both(lawful, equal(quotientLo, quotientHi));
  auto remainder = [&](const Bound &end, const Bound &quotient) {
    return within(end - n * quotient, hull.lo.min, hull.hi.max);
  };
  return {select(uncrossed, remainder(x.lo, quotientLo), hull.lo),
          select(uncrossed, remainder(x.hi, quotientHi), hull.hi)};
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

/// x << n = x * 2^n with n modulo 32; unknown for a count that is no constant.
Interval shiftLeft(const Interval &x, const Interval &y) {
  if (auto count = y.constant())
    return mul(x, constantInterval(int64_t(1) << (*count & 31),
                                   int64_t(1) << (*count & 31)));
  return unknownInterval();
}

/// x >> n = x // 2^n with n modulo 32, exact; for any count the value lies
/// between x and 0 (or -1): [min(a, 0), max(b, -1)].
Interval shiftRight(const Interval &x, const Interval &y) {
  if (auto count = y.constant())
    return floorDivConstant(x, int64_t(1) << (*count & 31));
  return {min(x.lo, constant(0)), max(x.hi, constant(-1))};
}

/// x & y. With the mask 2^k - 1 it is x % 2^k; with ~(2^k - 1) it is
/// x // 2^k * 2^k; both exact. Otherwise a non-negative side bounds the result
/// by itself: [0, min over the non-negative sides], and of two sides that may
/// be negative the result never passes the greater end.
Interval bitAnd(const Interval &x, const Interval &y) {
  if (x.constant() && !y.constant())
    return bitAnd(y, x);
  if (auto mask = y.constant()) {
    if (*mask >= 0 && std::has_single_bit(uint64_t(*mask) + 1))
      return modulo(x, constantInterval(*mask + 1, *mask + 1));
    if (*mask < 0 && std::has_single_bit(uint64_t(-*mask))) {
      Interval quotient = floorDivConstant(x, -*mask);
      return mul(quotient, constantInterval(-*mask, -*mask));
    }
  }
  Bound zero = constant(0);
  Expr xNatural = lessEqual(zero, x.lo), yNatural = lessEqual(zero, y.lo);
  Bound lo = select(either(xNatural, yNatural), zero, constant(kI32Min));
  Bound hi = select(xNatural, select(yNatural, min(x.hi, y.hi), x.hi),
                    select(yNatural, y.hi, max(x.hi, y.hi)));
  return {lo, hi};
}

/// x | y = ~(~x & ~y).
Interval bitOr(const Interval &x, const Interval &y) {
  return complement(bitAnd(complement(x), complement(y)));
}

/// x ^ -1 = ~x. Otherwise, of two non-negative sides, in [0, b + d]; unknown
/// where one may be negative.
Interval bitXor(const Interval &x, const Interval &y) {
  if (y.constant() == -1)
    return complement(x);
  if (x.constant() == -1)
    return complement(y);
  Bound zero = constant(0);
  Expr natural = both(lessEqual(zero, x.lo), lessEqual(zero, y.lo));
  Bound sum = min(x.hi + y.hi, constant(kI32Max));
  return {select(natural, zero, constant(kI32Min)),
          select(natural, within(sum, kI32Min, kI32Max), constant(kI32Max))};
}

//===----------------------------------------------------------------------===//
// Identities that a rule by operands alone cannot see
//===----------------------------------------------------------------------===//

/// The constant n of `x % n` (op Mod) or `x // n * n` (op Mul), or 0.
int64_t divisorOf(const ExprNode &part, const Expr &x) {
  auto constantOf = [](const Expr &e) -> int64_t {
    return e->op() == Op::Const ? e->constant().asI32() : 0;
  };
  if (part.op() == Op::Mod && part.operand(0) == x)
    return constantOf(part.operand(1));
  if (part.op() != Op::Mul)
    return 0;
  for (size_t i : {0, 1}) {
    const Expr &quotient = part.operand(i);
    if (quotient->op() == Op::FloorDiv && quotient->operand(0) == x &&
        quotient->operand(1) == part.operand(1 - i))
      return constantOf(part.operand(1 - i));
  }
  return 0;
}

/// x - x % n = x // n * n and x - x // n * n = x % n, both also where the
/// language wraps. Operands taken as independent would lose the first's
/// alignment and the second altogether.
Interval subIdentities(const ExprNode &node,
                       std::span<const Interval> operands) {
  const Interval &x = operands[0];
  int64_t n = divisorOf(*node.operand(1), node.operand(0));
  if (n == 0)
    return sub(x, operands[1]);
  Interval divisor = constantInterval(n, n);
  if (node.operand(1)->op() == Op::Mul)
    return modulo(x, divisor);
  return mul(floorDivConstant(x, n), divisor);
}

} // namespace

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

Interval transfer(const ExprNode &node, std::span<const Interval> operands) {
  const Interval &x = operands[0];
  const Interval &y = operands.back();
  switch (node.op()) {
  case Op::Add:
    return add(x, y);
  case Op::Sub:
    return subIdentities(node, operands);
  case Op::Neg:
    return neg(x);
  case Op::Mul:
    return node.operand(0) == node.operand(1) ? square(x) : mul(x, y);
  case Op::Abs:
    return abs(x);
  case Op::Sign:
    return sign(x);
  case Op::Min:
    return minimum(x, y);
  case Op::Max:
    return maximum(x, y);
  case Op::FloorDiv:
    return floorDivide(x, y);
  case Op::Mod:
    return modulo(x, y);
  case Op::Shl:
    return shiftLeft(x, y);
  case Op::Shr:
    return shiftRight(x, y);
  case Op::And:
    return bitAnd(x, y);
  case Op::Or:
    return bitOr(x, y);
  case Op::Xor:
    return bitXor(x, y);
  case Op::Not:
    return complement(x);
  default:
    return unknownInterval();
  }
}

/// a < b at every pair iff a.hi < b.lo, and so on. Exact.
Truth transferComparison(Op op, const Interval &a, const Interval &b) {
  switch (op) {
  case Op::Lt:
    return {lessEqual(b.hi, a.lo), less(a.hi, b.lo)};
  case Op::Le:
    return {less(b.hi, a.lo), lessEqual(a.hi, b.lo)};
  case Op::Gt:
    return transferComparison(Op::Lt, b, a);
  case Op::Ge:
    return transferComparison(Op::Le, b, a);
  case Op::Eq:
    // Equal at every pair: both are one value, and the same.
    return {proofOr(less(a.hi, b.lo), less(b.hi, a.lo)),
            proofAnd(equal(a.lo, b.hi), equal(a.hi, b.lo))};
  case Op::Ne:
    return truthNot(transferComparison(Op::Eq, a, b));
  default:
    return unknownTruth();
  }
}

/// A buffer that may have no elements reads 0, which the declared range need
/// not hold.
Interval rangeOfElements(const BufferDecl &buffer) {
  Interval result = unknownInterval();
  if (buffer.element == DType::U8)
    result = constantInterval(0, 255);
  if (!buffer.range)
    return result;
  auto valueOf = [](const Scalar &scalar) -> std::optional<int64_t> {
    if (scalar.type == Type::I32)
      return scalar.asI32();
    if (scalar.type == Type::I64)
      return scalar.asI64();
    return std::nullopt;
  };
  auto lo = valueOf(buffer.range->first), hi = valueOf(buffer.range->second);
  if (!lo || !hi || *lo > *hi)
    return result;
  bool mayBeEmpty = std::ranges::any_of(buffer.dims, [](const Dim &dim) {
    return dim.kind == Dim::Kind::Any ||
           (dim.kind == Dim::Kind::Fixed && dim.extent == 0);
  });
  if (mayBeEmpty) {
    *lo = std::min<int64_t>(*lo, 0);
    *hi = std::max<int64_t>(*hi, 0);
  }
  return constantInterval(std::clamp(*lo, result.lo.min, result.hi.max),
                          std::clamp(*hi, result.lo.min, result.hi.max));
}

/// The exact sum lies in [steps * a, steps * b]; where that is in i32, so is
/// the value, however the partial sums wrap.
Interval transferSum(const Interval &body, int64_t steps) {
  return mul(body, constantInterval(steps, steps));
}

Interval transferStep(ReduceKind kind, const Interval &a, const Interval &b) {
  if (kind == ReduceKind::Min)
    return minimum(a, b);
  return kind == ReduceKind::Max ? maximum(a, b) : add(a, b);
}

} // namespace attnjit::interval
