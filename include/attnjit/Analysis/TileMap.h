//===- TileMap.h - Which tiles of a mask are empty, full, partial -*- C++ -*-=//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mask and the values of one (b, h); gives verdicts about its tiles
// without looking at each: whole regions of the matrix are decided by the tile
// bounds, and only undecided ones are halved. For a mask whose kept pairs lie
// along a few lines that takes O(S) decisions, not O(S * S).
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_TILEMAP_H
#define ATTNJIT_ANALYSIS_TILEMAP_H

#include "attnjit/Analysis/TileBounds.h"
#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Support/Error.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace attnjit {

/// Rows [i0, i1) of q by rows [j0, j1) of k, local; not empty.
struct PairBox {
  int64_t i0, i1, j0, j1;

  int64_t pairs() const { return (i1 - i0) * (j1 - j0); }
  bool operator==(const PairBox &) const = default;
};

/// What is proven of a box. Partial: nothing.
enum class TileKind : uint8_t { Empty, Full, Partial };

/// "empty", "full", "partial".
std::string_view name(TileKind kind);

/// Decides boxes of a mask, and single pairs by evaluating it. One object
/// serves one thread.
class TileClassifier {
public:
  /// `mask` is bool, of positions; null keeps all. Params and buffers are
  /// matched by name; an Error where one is missing.
  static Expected<TileClassifier> create(const Expr &mask,
                                         std::span<const ParamDecl> params,
                                         std::span<const BufferDecl> buffers);

  /// Values for what follows: captures, sizes, b, h. Positions are row + offset
  /// and must lie in i32. What `values` refers to must stay.
  void bind(const Bindings &values, int32_t qOffset, int32_t kvOffset);

  TileKind classify(const PairBox &box);
  bool keeps(int64_t i, int64_t j);
  /// What a look at every pair finds; never Partial for a uniform box.
  TileKind classifyByPairs(const PairBox &box);
  int64_t countKept(const PairBox &box);

  /// What `classify` takes, in units of one that reads no buffer, which is
  /// some 100 ns: more where the bounds read many elements.
  double costOf(const PairBox &box) const;

  const TileBounds &bounds() const { return tileBounds; }

private:
  TileClassifier(TileBounds bounds, Interpreter decide, Interpreter mask)
      : tileBounds(std::move(bounds)), decide(std::move(decide)),
        mask(std::move(mask)) {}
  TileKind classifyWhole(const PairBox &box);
  TileKind classifyParts(const PairBox &box, std::span<const TileCut> cuts);
  std::vector<TileCut> cutsOf(const PairBox &box) const;
  bool keepsNext(int64_t j);

  TileBounds tileBounds;
  Interpreter decide, mask;
  Bindings point;
  int32_t qOffset = 0, kvOffset = 0;
  int readAxes = 0; ///< of the tile, spanned by boxes of buffer elements
};

/// A matrix of Sq x Skv pairs in tiles; those at its ends may be smaller.
struct TileGrid {
  int64_t Sq = 0, Skv = 0;
  int64_t tileQ = 64, tileKv = 64; ///< 1 or more

  int64_t rows() const;
  int64_t columns() const;
  /// Tile (row, column) as pairs.
  PairBox tile(int64_t row, int64_t column) const;
};

/// How many tiles of each kind there are.
struct TileCounts {
  double total = 0, empty = 0, full = 0, partial = 0;
  double fullPairs = 0; ///< pairs of the full tiles
  /// Every tile was decided. Else, where most of the matrix stays undecided,
  /// the tiles of an evenly spread part of it stand for all.
  bool exact = true;
  int64_t decisions = 0;

  struct PartialTile {
    PairBox pairs;
    double weight; ///< how many tiles it stands for; 1 where exact
  };
  std::vector<PartialTile> partialTiles;
};

/// Counts the tiles of the grid with the classifier's verdicts. Takes about
/// the time of `maxDecisions` that read no buffer, and memory in proportion.
TileCounts countTiles(TileClassifier &classifier, const TileGrid &grid,
                      int64_t maxDecisions = 1 << 20);

/// Pairs that the mask keeps.
struct KeptPairs {
  double pairs = 0;
  bool exact = true; ///< no tile stood for others
};

/// Pairs of the full tiles and, evaluated, of the partial ones; of an evenly
/// spread part of these where they have more than about `maxPairs`.
KeptPairs countKeptPairs(TileClassifier &classifier, const TileCounts &counts,
                         int64_t maxPairs = 1 << 22);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_TILEMAP_H
