//===- Interval.cpp - Intervals whose ends are expressions ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interval.h"

#include <algorithm>
#include <cassert>
#include <unordered_set>
#include <vector>

namespace attnjit::interval {

size_t countNodes(const Expr &a, const Expr &b) {
  std::unordered_set<const ExprNode *> seen;
  std::vector<const ExprNode *> stack;
  auto push = [&](const Expr &e) {
    if (seen.size() <= kMaxBoundNodes && seen.insert(e.get()).second)
      stack.push_back(e.get());
  };
  push(a);
  push(b);
  while (!stack.empty() && seen.size() <= kMaxBoundNodes) {
    const ExprNode *node = stack.back();
    stack.pop_back();
    for (const Expr &operand : node->operands())
      push(operand);
  }
  return seen.size();
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

namespace {

int64_t floorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

/// A bound of that static range: the constant where it holds one value.
Bound make(Op op, const Bound &a, const Bound &b, int64_t min, int64_t max) {
  assert(min <= max && "static range is empty");
  if (min == max)
    return constant(min);
  return {Expr::make(op, {a.expr, b.expr}), min, max};
}

bool isConstant(const Bound &a, int64_t value) {
  return a.min == value && a.max == value;
}

/// The i32 expression with the bound's value, or null where there is none.
Expr asI32(const Bound &a) {
  if (a.expr->op() == Op::ToI64)
    return a.expr->operand(0);
  if (a.min == a.max && a.min >= kI32Min && a.min <= kI32Max)
    return Expr::i32(static_cast<int32_t>(a.min));
  return {};
}

/// A comparison, in i32 where both sides are.
Expr compare(Op op, const Bound &a, const Bound &b) {
  Expr narrowA = asI32(a), narrowB = asI32(b);
  if (narrowA && narrowB)
    return Expr::make(op, {narrowA, narrowB});
  return Expr::make(op, {a.expr, b.expr});
}

bool isBool(const Expr &e, bool value) {
  return e->op() == Op::Const && e->constant().asBool() == value;
}

} // namespace

Bound constant(int64_t value) { return {Expr::i64(value), value, value}; }

Bound ofI32(const Expr &i32, int64_t min, int64_t max) {
  if (i32->op() == Op::Const)
    return constant(i32->constant().asI32());
  return {Expr::make(Op::ToI64, {i32}), min, max};
}

Expr toI32(const Bound &a) {
  Expr narrow = asI32(a);
  return narrow ? narrow : Expr::make(Op::ToI32, {a.expr});
}

Bound operator+(const Bound &a, const Bound &b) {
  if (isConstant(a, 0))
    return b;
  if (isConstant(b, 0))
    return a;
  return make(Op::Add, a, b, a.min + b.min, a.max + b.max);
}

Bound operator-(const Bound &a, const Bound &b) {
  if (isConstant(b, 0))
    return a;
  if (a.expr == b.expr)
    return constant(0);
  return make(Op::Sub, a, b, a.min - b.max, a.max - b.min);
}

Bound operator-(const Bound &a) {
  if (a.min == a.max)
    return constant(-a.min);
  if (a.expr->op() == Op::Neg)
    return {a.expr->operand(0), -a.max, -a.min};
  return {Expr::make(Op::Neg, {a.expr}), -a.max, -a.min};
}

Bound operator*(const Bound &a, const Bound &b) {
  if (isConstant(a, 1))
    return b;
  if (isConstant(b, 1))
    return a;
  auto [min, max] =
      std::minmax({a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max});
  return make(Op::Mul, a, b, min, max);
}

Bound floorDiv(const Bound &a, const Bound &b) {
  assert((b.min > 0 || b.max < 0) && "divisor may be 0");
  if (isConstant(b, 1))
    return a;
  auto [min, max] =
      std::minmax({floorDivide(a.min, b.min), floorDivide(a.min, b.max),
                   floorDivide(a.max, b.min), floorDivide(a.max, b.max)});
  return make(Op::FloorDiv, a, b, min, max);
}

Bound min(const Bound &a, const Bound &b) {
  if (a.max <= b.min || a.expr == b.expr)
    return a;
  if (b.max <= a.min)
    return b;
  return make(Op::Min, a, b, std::min(a.min, b.min), std::min(a.max, b.max));
}

Bound max(const Bound &a, const Bound &b) {
  if (a.min >= b.max || a.expr == b.expr)
    return a;
  if (b.min >= a.max)
    return b;
  return make(Op::Max, a, b, std::max(a.min, b.min), std::max(a.max, b.max));
}

Bound select(const Expr &condition, const Bound &a, const Bound &b) {
  if (isBool(condition, true) || a.expr == b.expr)
    return a;
  if (isBool(condition, false))
    return b;
  return {Expr::make(Op::Where, {condition, a.expr, b.expr}),
          std::min(a.min, b.min), std::max(a.max, b.max)};
}

Bound within(const Bound &a, int64_t min, int64_t max) {
  Bound result = {a.expr, std::max(a.min, min), std::min(a.max, max)};
  // An empty range means code that is never reached; any constant does.
  if (result.min >= result.max)
    return constant(result.max);
  return result;
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

Expr less(const Bound &a, const Bound &b) {
  if (a.max < b.min)
    return Expr::boolean(true);
  if (a.min >= b.max || a.expr == b.expr)
    return Expr::boolean(false);
  return compare(Op::Lt, a, b);
}

Expr lessEqual(const Bound &a, const Bound &b) {
  if (a.max <= b.min || a.expr == b.expr)
    return Expr::boolean(true);
  if (a.min > b.max)
    return Expr::boolean(false);
  return compare(Op::Le, a, b);
}

Expr equal(const Bound &a, const Bound &b) {
  if (a.expr == b.expr)
    return Expr::boolean(true);
  if (a.max < b.min || a.min > b.max)
    return Expr::boolean(false);
  return compare(Op::Eq, a, b);
}

Expr both(const Expr &a, const Expr &b) {
  if (isBool(a, false) || isBool(b, true) || a == b)
    return a;
  if (isBool(b, false) || isBool(a, true))
    return b;
  return Expr::make(Op::And, {a, b});
}

Expr either(const Expr &a, const Expr &b) {
  if (isBool(a, true) || isBool(b, false) || a == b)
    return a;
  if (isBool(b, true) || isBool(a, false))
    return b;
  return Expr::make(Op::Or, {a, b});
}

Expr negate(const Expr &a) {
  if (a->op() == Op::Const)
    return Expr::boolean(!a->constant().asBool());
  if (a->op() == Op::Not)
    return a->operand(0);
  return Expr::make(Op::Not, {a});
}

//===----------------------------------------------------------------------===//
// Intervals
//===----------------------------------------------------------------------===//

std::optional<int64_t> Interval::constant() const {
  if (lo.min == hi.max)
    return lo.min;
  return std::nullopt;
}

Interval constantInterval(int64_t lo, int64_t hi) {
  return {constant(lo), constant(hi)};
}

Interval unknownInterval() { return constantInterval(kI32Min, kI32Max); }

Interval fit(const Bound &lo, const Bound &hi) {
  Bound least = constant(kI32Min), greatest = constant(kI32Max);
  Expr inside = both(lessEqual(least, lo), lessEqual(hi, greatest));
  return {within(select(inside, lo, least), kI32Min, kI32Max),
          within(select(inside, hi, greatest), kI32Min, kI32Max)};
}

Interval capped(const Interval &a) {
  if (countNodes(a.lo.expr, a.hi.expr) <= kMaxBoundNodes)
    return a;
  return constantInterval(a.lo.min, a.hi.max);
}

//===----------------------------------------------------------------------===//
// Truths
//===----------------------------------------------------------------------===//

Expr proofAnd(const Expr &a, const Expr &b) {
  Expr proof = both(a, b);
  return countNodes(proof, proof) <= kMaxBoundNodes ? proof
                                                    : Expr::boolean(false);
}

Expr proofOr(const Expr &a, const Expr &b) {
  Expr proof = either(a, b);
  return countNodes(proof, proof) <= kMaxBoundNodes ? proof : a;
}

Truth capped(const Truth &a) {
  auto proof = [](const Expr &e) {
    return countNodes(e, e) <= kMaxBoundNodes ? e : Expr::boolean(false);
  };
  return {proof(a.never), proof(a.always)};
}

Truth unknownTruth() { return {Expr::boolean(false), Expr::boolean(false)}; }

Truth exactTruth(const Expr &condition) {
  return {negate(condition), condition};
}

Truth truthNot(const Truth &a) { return {a.always, a.never}; }

Truth truthAnd(const Truth &a, const Truth &b) {
  return {proofOr(a.never, b.never), proofAnd(a.always, b.always)};
}

Truth truthOr(const Truth &a, const Truth &b) {
  return truthNot(truthAnd(truthNot(a), truthNot(b)));
}

Truth truthXor(const Truth &a, const Truth &b) {
  return {proofOr(proofAnd(a.always, b.always), proofAnd(a.never, b.never)),
          proofOr(proofAnd(a.always, b.never), proofAnd(a.never, b.always))};
}

Truth truthWhere(const Truth &c, const Truth &a, const Truth &b) {
  return {proofAnd(proofOr(a.never, c.never), proofOr(b.never, c.always)),
          proofAnd(proofOr(a.always, c.never), proofOr(b.always, c.always))};
}

Interval intervalWhere(const Truth &c, const Interval &a, const Interval &b) {
  auto choose = [&](const Bound &x, const Bound &y, const Bound &hull) {
    return select(c.always, x, select(c.never, y, hull));
  };
  return {choose(a.lo, b.lo, min(a.lo, b.lo)),
          choose(a.hi, b.hi, max(a.hi, b.hi))};
}

} // namespace attnjit::interval
