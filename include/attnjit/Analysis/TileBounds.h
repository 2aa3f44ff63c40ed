//===- TileBounds.h - Deciding a tile of the mask from its expression -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the mask expression of a mod; gives two expressions of a tile's
// inclusive corners (Var::QLo, QHi, KvLo, KvHi; global positions) and of what
// the mask reads besides q and kv: one that, when true, proves that no pair of
// the tile is kept, and one that proves that all are. Never the other way
// round: a false says nothing. Computed in i64, so that i32 wrap-around of the
// mask is seen; sound for every input, hostile buffer contents included.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_TILEBOUNDS_H
#define ATTNJIT_ANALYSIS_TILEBOUNDS_H

#include "attnjit/Expr/Expr.h"

namespace attnjit {

struct TileBounds {
  Expr empty; ///< bool; true: the mask is false at every pair of the tile
  Expr full;  ///< bool; true: the mask is true at every pair of the tile
};

/// Bounds of `mask` (bool, no score or prob). Positions are taken as
/// 0 <= QLo <= QHi < 2^31 and likewise for kv; q_local and kv_local as unknown.
/// A null mask is always full.
TileBounds computeTileBounds(const Expr &mask);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_TILEBOUNDS_H
