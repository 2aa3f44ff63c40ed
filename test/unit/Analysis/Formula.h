//===- Formula.h - Writing masks like formulas in the analysis' tests -----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An untyped handle over Expr with operators, so that ill-typed or odd trees
// can be written as easily as proper ones. `/` is floor division.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_ANALYSIS_FORMULA_H
#define ATTNJIT_TEST_UNIT_ANALYSIS_FORMULA_H

#include "attnjit/Expr/Expr.h"

#include <cstdint>

namespace attnjit::test {

struct X {
  Expr e;
  X(Expr e) : e(std::move(e)) {}
  X(int32_t value) : e(Expr::i32(value)) {}
  X(Var var) : e(Expr::var(var)) {}
  operator Expr() const { return e; }
};

inline X node(Op op, X a) { return Expr::make(op, {a.e}); }
inline X node(Op op, X a, X b) { return Expr::make(op, {a.e, b.e}); }

inline X operator+(X a, X b) { return node(Op::Add, a, b); }
inline X operator-(X a, X b) { return node(Op::Sub, a, b); }
inline X operator*(X a, X b) { return node(Op::Mul, a, b); }
inline X operator/(X a, X b) { return node(Op::FloorDiv, a, b); }
inline X operator%(X a, X b) { return node(Op::Mod, a, b); }
inline X operator&(X a, X b) { return node(Op::And, a, b); }
inline X operator|(X a, X b) { return node(Op::Or, a, b); }
inline X operator^(X a, X b) { return node(Op::Xor, a, b); }
inline X operator<<(X a, X b) { return node(Op::Shl, a, b); }
inline X operator>>(X a, X b) { return node(Op::Shr, a, b); }
inline X operator<(X a, X b) { return node(Op::Lt, a, b); }
inline X operator<=(X a, X b) { return node(Op::Le, a, b); }
inline X operator>(X a, X b) { return node(Op::Gt, a, b); }
inline X operator>=(X a, X b) { return node(Op::Ge, a, b); }
inline X operator==(X a, X b) { return node(Op::Eq, a, b); }
inline X operator!=(X a, X b) { return node(Op::Ne, a, b); }
inline X operator!(X a) { return node(Op::Not, a); }
inline X operator~(X a) { return node(Op::Not, a); }
inline X operator-(X a) { return node(Op::Neg, a); }
inline X abs(X a) { return node(Op::Abs, a); }
inline X sign(X a) { return node(Op::Sign, a); }
inline X min(X a, X b) { return node(Op::Min, a, b); }
inline X max(X a, X b) { return node(Op::Max, a, b); }
inline X clamp(X x, X lo, X hi) { return min(max(x, lo), hi); }
inline X where(X c, X a, X b) { return Expr::make(Op::Where, {c.e, a.e, b.e}); }

/// Reduction of `body(t)` for t in [lo, hi).
template <typename Body>
X reduce(ReduceKind kind, int64_t lo, int64_t hi, Body body) {
  Expr t = Expr::freshReduceVar();
  return Expr::reduce(kind, lo, hi, t, body(X(t)).e);
}

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_ANALYSIS_FORMULA_H
