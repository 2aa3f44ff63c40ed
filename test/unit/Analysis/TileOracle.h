//===- TileOracle.h - Verdicts of the analysis against all pairs ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mask and its captures; gives, for a tile, what computeTileBounds
// claims and what the Interpreter finds at every pair of it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_ANALYSIS_TILEORACLE_H
#define ATTNJIT_TEST_UNIT_ANALYSIS_TILEORACLE_H

#include "attnjit/Analysis/TileBounds.h"
#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Support/Error.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace attnjit::test {

/// Inclusive corners; i64 so that loops over them end at INT_MAX.
struct Tile {
  int64_t qLo, qHi, kvLo, kvHi;
};

struct Verdict {
  bool empty = false, full = false;
  bool operator==(const Verdict &) const = default;
};

/// Captured values of a mask, by ordinal.
struct Captures {
  std::vector<ParamDecl> paramDecls;
  std::vector<Scalar> params;
  std::vector<BufferDecl> bufferDecls;
  std::vector<BufferView> buffers;
};

class TileOracle {
public:
  /// `captures` must outlive the oracle.
  static Expected<TileOracle> create(const Expr &mask,
                                     const Captures &captures) {
    TileBounds bounds = computeTileBounds(mask);
    Expr claims[] = {bounds.empty, bounds.full};
    auto make = [&](std::span<const Expr> roots) {
      return Interpreter::create(roots, captures.paramDecls,
                                 captures.bufferDecls, Interpreter::Mode::F32);
    };
    auto truth = make({&mask, 1});
    if (!truth)
      return fail(truth.error());
    auto claim = make(claims);
    if (!claim)
      return fail(claim.error());
    return TileOracle(bounds, std::move(*truth), std::move(*claim), captures);
  }

  const TileBounds &bounds() const { return tileBounds; }
  /// Sizes and all positions but q and kv, to be set by the test.
  Bindings &bindings() { return point; }

  Verdict claimed(const Tile &tile) {
    point[Var::QLo] = static_cast<int32_t>(tile.qLo);
    point[Var::QHi] = static_cast<int32_t>(tile.qHi);
    point[Var::KvLo] = static_cast<int32_t>(tile.kvLo);
    point[Var::KvHi] = static_cast<int32_t>(tile.kvHi);
    point[Var::QLocalLo] = kQLocal;
    point[Var::QLocalHi] = static_cast<int32_t>(tile.qHi - tile.qLo + kQLocal);
    point[Var::KvLocalLo] = kKvLocal;
    point[Var::KvLocalHi] =
        static_cast<int32_t>(tile.kvHi - tile.kvLo + kKvLocal);
    auto values = claim.evaluate(point);
    return {values[0].i != 0, values[1].i != 0};
  }

  Verdict actual(const Tile &tile) {
    Verdict verdict = {true, true};
    for (int64_t q = tile.qLo; q <= tile.qHi; ++q)
      for (int64_t kv = tile.kvLo; kv <= tile.kvHi; ++kv) {
        place(point, q, kv, tile);
        bool kept = truth.evaluate(point)[0].i != 0;
        (kept ? verdict.empty : verdict.full) = false;
      }
    return verdict;
  }

  /// Bindings of a pair of the tile, a tile of one pair itself.
  static Bindings pointOf(const Tile &pair, const Tile &tile,
                          const Captures &captures) {
    Bindings point;
    point.params = captures.params;
    point.buffers = captures.buffers;
    place(point, pair.qLo, pair.kvLo, tile);
    return point;
  }

private:
  static constexpr int32_t kQLocal = 3, kKvLocal = 5;

  /// The local positions differ from the global ones, as under offsets.
  static void place(Bindings &point, int64_t q, int64_t kv, const Tile &tile) {
    point[Var::Q] = static_cast<int32_t>(q);
    point[Var::Kv] = static_cast<int32_t>(kv);
    point[Var::QLocal] = static_cast<int32_t>(q - tile.qLo + kQLocal);
    point[Var::KvLocal] = static_cast<int32_t>(kv - tile.kvLo + kKvLocal);
  }

  TileOracle(TileBounds bounds, Interpreter truth, Interpreter claim,
             const Captures &captures)
      : tileBounds(std::move(bounds)), truth(std::move(truth)),
        claim(std::move(claim)) {
    point.params = captures.params;
    point.buffers = captures.buffers;
  }

  TileBounds tileBounds;
  Interpreter truth, claim;
  Bindings point;
};

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_ANALYSIS_TILEORACLE_H
