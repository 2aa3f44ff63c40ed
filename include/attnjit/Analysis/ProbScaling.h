//===- ProbScaling.h - Prob mods that commute with the division -*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a prob hook; says whether it may be applied to weights that are not
// divided by their sum yet, the division following at the end of the row:
//
//   prob * gate[h]                          yes
//   where(kv < n, -prob / 3.0, 0.0)         yes
//   max(prob, 0.0) + abs(2.0 * prob)        yes
//   where(prob > 0.1, prob, 0.0), prob + 1  no
//
// One that may needs one pass over the keys, any other two.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_PROBSCALING_H
#define ATTNJIT_ANALYSIS_PROBSCALING_H

#include "attnjit/Expr/Expr.h"

namespace attnjit {

/// Whether g(c * prob) = c * g(prob) for every c > 0 at every pair, in exact
/// arithmetic and for every value that positions and captures may have. True
/// is proven; false says nothing. A null `prob` (the identity) scales.
bool scalesWithProb(const Expr &prob);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_PROBSCALING_H
