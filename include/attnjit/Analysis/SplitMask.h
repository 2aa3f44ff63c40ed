//===- SplitMask.h - Masks written as scores of -inf ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a score hook; gives the mask that its outermost `where(c, x, -inf)`
// say, and the score that remains:
//
//   where(q >= kv, where(d, 2 * score, -inf), -inf)
//     ->  mask: q >= kv and d     score: 2 * score
//
// The kept pairs and their scores are exactly the same, NaN and infinities
// included: a pair with `s' = -inf` is not kept, so where c is false the pair
// is out either way, and where it is true s' is x.
//
// `x + where(c, 0, -inf)` leaves a pair out by c, too, unless x is NaN or +inf:
// then the row is NaN. Where x is a tame function of the score, finite for
// every |score| up to 2^60, c is taken for a mask in runs whose scores are
// known to be such.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_SPLITMASK_H
#define ATTNJIT_ANALYSIS_SPLITMASK_H

#include "attnjit/Expr/Expr.h"
#include "attnjit/Expr/ModProgram.h"

namespace attnjit {

struct SplitScore {
  Expr mask;  ///< bool of positions; null: nothing was found
  Expr score; ///< f32; null: the identity
};

/// Splits `score` (null: the identity). Conditions that depend on score or
/// prob stay where they are. The caller joins `mask` to the mask hook by and.
SplitScore splitMask(const Expr &score);

/// The condition c of `x + where(c, 0, -inf)`, with a tame x; null where the
/// score is none.
Expr additiveMask(const Expr &score);

/// How a condition that leaves pairs out of finite scores alone becomes a mask.
enum class FiniteScores : uint8_t {
  Assumed, ///< always: what people mean by it
  Tested,  ///< where the last param, kFiniteScores, is true
  Unknown, ///< never
};
/// Name of a bool param that says whether the scores of a run are finite. Mods
/// that kernels are compiled from have no such name.
inline constexpr const char *kFiniteScores = "finite";

/// The mod with conditions that its score hides in `where(c, x, -inf)` moved to
/// the mask, and those of `x + where(c, 0, -inf)` joined to it, where whole
/// tiles are skipped by them: what kernels are compiled from, with `Tested`.
/// Captures keep their ordinals; where there is nothing to move, or at the
/// limits of size and depth, the mod stays as it is.
ModProgram inferMask(const ModProgram &mod,
                     FiniteScores scores = FiniteScores::Assumed);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_SPLITMASK_H
