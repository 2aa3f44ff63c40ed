//===- MaskPlane.h - The mask of one head of a problem ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod, the arguments of a run and a (b, h); gives the mask that the
// mod's kernel has, that of its score included, with its values: ready to
// decide tiles and to evaluate pairs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_MASKPLANE_H
#define ATTNJIT_TOOLS_SUPPORT_MASKPLANE_H

#include "support/Problem.h"

#include "attnjit/Analysis/TileMap.h"
#include "attnjit/Reference/RunBindings.h"

#include <memory>

namespace attnjit::tool {

/// Of a problem, one batch entry and query head.
struct PlaneChoice {
  int64_t b = 0, h = 0;

  /// The Error where the shape has no such batch entry or head.
  Expected<void> check(const Shape &shape) const;
};

/// Queries and keys of a tile.
struct TileSize {
  int64_t q = 64, kv = 64;
};

/// The tile that the kernel of a problem decides before it computes it.
TileSize kernelTile(const ModProgram &mod, const Problem &problem,
                    const TargetSpec &target);

/// Refers to the problem, which must stay. Serves one thread.
class MaskPlane {
public:
  static Expected<MaskPlane> create(const ModProgram &mod,
                                    const Problem &problem,
                                    const PlaneChoice &choice);

  /// The mask as the analysis sees it; null where all is kept.
  const Expr &mask() const { return expr; }
  TileClassifier &classifier() { return *tiles; }
  RunBindings &run() { return *bindings; }
  /// In tiles of that size.
  TileGrid grid(int64_t tileQ, int64_t tileKv) const;

private:
  MaskPlane() = default;

  Expr expr;
  std::unique_ptr<RunBindings> bindings;
  std::unique_ptr<TileClassifier> tiles;
};

/// Checks the arguments as for uses of a mod without q, k and v; gives its
/// values at (b, h) of the choice.
Expected<std::unique_ptr<RunBindings>> bindPlane(const ModProgram &mod,
                                                 const Problem &problem,
                                                 const PlaneChoice &choice);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_MASKPLANE_H
