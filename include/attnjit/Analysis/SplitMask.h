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
// is out either way, and where it is true s' is x. `score + where(c, 0, -inf)`
// is left alone: a NaN or +inf score makes the row NaN there, and a mask would
// hide it.
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

/// The mod with conditions that its score hides in `where(c, x, -inf)` moved to
/// the mask, where whole tiles are skipped by them: what kernels are compiled
/// from. Captures keep their ordinals; where there is nothing to move, or at
/// the limits of size and depth, the mod stays as it is.
ModProgram inferMask(const ModProgram &mod);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_SPLITMASK_H
