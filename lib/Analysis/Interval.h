//===- Interval.h - Intervals whose ends are expressions ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The two abstract values of the tile analysis and the arithmetic on them.
//
//   Bound     an I64 expression of the tile's corners, with the range that its
//             value is statically known to lie in
//   Interval  what is known of an i32 node over a tile: lo <= value <= hi
//   Truth     what is known of a bool node over a tile: one expression that
//             proves it false at every pair, one that proves it true
//
// The operations here are exact on the integers and fold whatever the static
// ranges decide, so that a rule can be written in its general form and still
// gives `QHi < KvLo` for a causal mask.
//
// Invariant: the ends of a finished Interval lie in i32, statically and at run
// time. Sums and products of two such ends stay below 2^63 (`fit` comes after
// every operation), so nothing here overflows.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ANALYSIS_INTERVAL_H
#define ATTNJIT_LIB_ANALYSIS_INTERVAL_H

#include "attnjit/Expr/Expr.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace attnjit::interval {

inline constexpr int64_t kI32Min = std::numeric_limits<int32_t>::min();
inline constexpr int64_t kI32Max = std::numeric_limits<int32_t>::max();

/// Proofs and ends of intervals of more distinct nodes than this are given up:
/// deciding a tile must stay far cheaper than computing it. Ordinary masks
/// need 1 to 70.
inline constexpr size_t kMaxBoundNodes = 400;

/// Number of distinct nodes of the two together, counted up to
/// kMaxBoundNodes + 1.
size_t countNodes(const Expr &a, const Expr &b);

//===--- Bounds -----------------------------------------------------------===//

struct Bound {
  Expr expr;       ///< of type I64
  int64_t min = 0; ///< expr is never less
  int64_t max = 0; ///< expr is never greater
};

Bound constant(int64_t value);
/// An i32 expression as a bound.
Bound ofI32(const Expr &i32, int64_t min = kI32Min, int64_t max = kI32Max);
/// An i32 expression with the value of a bound that lies in i32.
Expr toI32(const Bound &a);

Bound operator+(const Bound &a, const Bound &b);
Bound operator-(const Bound &a, const Bound &b);
Bound operator-(const Bound &a);
Bound operator*(const Bound &a, const Bound &b);
/// Floor division by a divisor whose static range does not hold 0.
Bound floorDiv(const Bound &a, const Bound &b);
Bound min(const Bound &a, const Bound &b);
Bound max(const Bound &a, const Bound &b);
Bound select(const Expr &condition, const Bound &a, const Bound &b);
/// The same bound, known by reasoning to lie in [min, max] too.
Bound within(const Bound &a, int64_t min, int64_t max);

//===--- Conditions -------------------------------------------------------===//

Expr less(const Bound &a, const Bound &b);
Expr lessEqual(const Bound &a, const Bound &b);
Expr equal(const Bound &a, const Bound &b);
/// `a and b`, `a or b`, `not a` of bool expressions, constants folded. Exact:
/// for conditions that select between bounds.
Expr both(const Expr &a, const Expr &b);
Expr either(const Expr &a, const Expr &b);
Expr negate(const Expr &a);

//===--- Intervals --------------------------------------------------------===//

struct Interval {
  Bound lo, hi;

  /// One value, at every pair of the tile.
  bool isSingleton() const { return lo.expr == hi.expr; }
  /// The value where it is one constant.
  std::optional<int64_t> constant() const;
};

/// Every i32.
Interval unknownInterval();
Interval constantInterval(int64_t lo, int64_t hi);
/// The interval of an i32 node whose exact integer result lies in [lo, hi]:
/// every i32 where that leaves i32 (the node wraps), which is tested at run
/// time unless the static ranges exclude it.
Interval fit(const Bound &lo, const Bound &hi);
/// Ends that grew past kMaxBoundNodes replaced by their static ranges.
Interval capped(const Interval &a);

//===--- Truths -----------------------------------------------------------===//

struct Truth {
  Expr never;  ///< true: the node is false at every pair of the tile
  Expr always; ///< true: the node is true at every pair of the tile
};

Truth unknownTruth();
/// A bool that is the same at every pair.
Truth exactTruth(const Expr &condition);
Truth truthNot(const Truth &a);
Truth truthAnd(const Truth &a, const Truth &b);
Truth truthOr(const Truth &a, const Truth &b);
Truth truthXor(const Truth &a, const Truth &b);
/// Proofs that grew past kMaxBoundNodes given up.
Truth capped(const Truth &a);
/// `where(c, a, b)` of bools and of i32.
Truth truthWhere(const Truth &c, const Truth &a, const Truth &b);
Interval intervalWhere(const Truth &c, const Interval &a, const Interval &b);

/// Proofs may be given up: a conjunction that grew past kMaxBoundNodes becomes
/// false, a disjunction keeps its first half.
Expr proofAnd(const Expr &a, const Expr &b);
Expr proofOr(const Expr &a, const Expr &b);

} // namespace attnjit::interval

#endif // ATTNJIT_LIB_ANALYSIS_INTERVAL_H
