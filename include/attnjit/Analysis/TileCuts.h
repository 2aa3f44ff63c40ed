//===- TileCuts.h - Where a tile is worth cutting ---------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mask; gives the positions at which its `//` and `%` jump:
//
//   any(t in 0..4: top[q // 64, t] == kv // 64)
//     ->  queries and keys at multiples of 64
//
// An interval over a tile that lies across such a position holds more than its
// two parts do: blocks 3 and 7 become 3 to 7. Bounds of each part by itself are
// exact where `//` and `%` are all that was lost. The cuts decide what is
// found, never what is true: any partition of a tile is lawful.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_TILECUTS_H
#define ATTNJIT_ANALYSIS_TILECUTS_H

#include "attnjit/Expr/Expr.h"

#include <cstdint>
#include <vector>

namespace attnjit {

/// A part of a tile begins at each position p with (p + offset) % period == 0.
struct TileCut {
  bool ofKeys = false;
  int64_t period = 1; ///< 2 or more
  int64_t offset = 0; ///< in [0, period)

  bool operator==(const TileCut &) const = default;

  /// The last position of the part that holds `position`.
  int64_t lastOfPart(int64_t position) const {
    const int64_t into = (position + offset) % period;
    return position + period - 1 - (into < 0 ? into + period : into);
  }
};

/// The cuts of a mask, coarse ones first; of two whose multiples are the same
/// or the other's, the finer one. Null: none.
std::vector<TileCut> findTileCuts(const Expr &mask);

/// Those of `cuts` by which a tile has at most `mostParts` parts: the finest go
/// first. None where a tile is not cut at all.
std::vector<TileCut> affordableCuts(std::vector<TileCut> cuts, int64_t queries,
                                    int64_t keys, int64_t mostParts);

/// Into how many parts a tile of that many pairs may be cut: deciding one costs
/// some 15 ns, what 128 pairs take to compute is ten times that and more.
int64_t mostPartsOf(int64_t queries, int64_t keys);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_TILECUTS_H
