//===- TileBounds.h - Deciding a tile of the mask from its expression
//-----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the mask expression of a mod; gives two expressions of a tile's
// inclusive corners (Var::QLo, QHi, KvLo, KvHi and their local ones) and of
// what the mask reads besides q and kv: one that, when true, proves that no
// pair of the tile is kept, and one that proves that all are. Never the other
// way round: a false says nothing. For example
//
//   mask                        empty                       full
//   q >= kv                     QHi < KvLo                  KvHi <= QLo
//   kv < P or q >= kv           P <= KvLo and QHi < KvLo    KvHi < P or
//                                                           KvHi <= QLo
//
// Bounds that the i32 arithmetic of the mask may leave are computed in I64, so
// that wrap-around is seen. Sound for every value of positions, params, sizes
// and buffers. One fact is believed: the range that a buffer declares, where
// its subscripts vary over the tile (data outside makes wrong verdicts, never
// a wrong read).
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_TILEBOUNDS_H
#define ATTNJIT_ANALYSIS_TILEBOUNDS_H

#include "attnjit/Analysis/TileCuts.h"
#include "attnjit/Expr/Expr.h"

#include <string>
#include <vector>

namespace attnjit {

struct TileBounds {
  Expr empty; ///< bool; true: the mask is false at every pair of the tile
  Expr full;  ///< bool; true: the mask is true at every pair of the tile
  /// Where a tile may be cut into parts that are decided more closely.
  std::vector<TileCut> cuts = {};
};

/// Bounds of `mask` (bool, no score or prob). A null mask is always full.
///
/// 1. Corners are any i32 with QLo <= QHi and KvLo <= KvHi; all other
///    variables have one value in the tile, except q_local and kv_local, whose
///    corners are QLocalLo, QLocalHi, KvLocalLo and KvLocalHi.
/// 2. Elements of buffers that vary over the tile lie between the LoadMin and
///    the LoadMax of the box that their subscripts span. f32 values that vary
///    are unknown; what does not vary is exact.
/// 3. Each of the two has at most some 400 distinct nodes, since deciding a
///    tile must cost far less than computing it: a conjunct too costly is left
///    out of `empty`, and makes `full` false.
TileBounds computeTileBounds(const Expr &mask);

/// An axis of a buffer along which bounds ask for extremes of more than one
/// element.
struct RangeAxis {
  std::string buffer;
  int axis = 0;

  bool operator==(const RangeAxis &) const = default;
};

/// Where a summary of a buffer makes extremes cheap: for each box that the
/// bounds read, the last axis that it spans, unless the buffer is `sorted`
/// along it. Each once.
std::vector<RangeAxis> findRangeAxes(const TileBounds &bounds);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_TILEBOUNDS_H
