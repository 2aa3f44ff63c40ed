//===- Explanation.h - What the compiler knows of a mod ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a problem; gives the facts that `explain` prints, as JSON and
// as text.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_ATTNJIT_EXPLANATION_H
#define ATTNJIT_TOOLS_ATTNJIT_EXPLANATION_H

#include "CommonOptions.h"

#include "support/MaskPlane.h"

#include "attnjit/Analysis/Hoisting.h"
#include "attnjit/Analysis/TileMap.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace attnjit::tool {

struct ExplainOptions {
  std::optional<TileSize> tile; ///< none: that of the kernel
  PlaneChoice plane;
  bool bruteForce = false;
  int threads = 0; ///< of brute force; 0: one per core
};

/// Tiles as they are, and as they were claimed to be.
struct BruteForceCounts {
  /// Indexed by TileKind.
  std::array<int64_t, 3> actual = {};
  /// Partial by the analysis, empty or full in fact.
  int64_t missedEmpty = 0, missedFull = 0;
  /// Empty or full by the analysis, but not in fact: never, unless a buffer
  /// breaks its declaration.
  int64_t wrong = 0;
  /// The first few of the last three.
  std::vector<PairBox> examples;
  int64_t keptPairs = 0;
};

/// A fact and whether it is known.
struct Finding {
  std::string claim;
  std::string verdict; ///< "proven", "false", "undecided"
  std::string because; ///< may be empty
};

class Explanation {
public:
  static Expected<Explanation> create(const ModProgram &mod,
                                      const Problem &problem,
                                      const ExplainOptions &options);

  /// Whether brute force found every claim of the analysis true.
  bool isSound() const { return !bruteForce || bruteForce->wrong == 0; }

  Json json() const;
  std::string text() const;

private:
  Explanation() = default;
  void findHoisted(const ModProgram &mod);
  void findFacts(const ModProgram &mod);
  void measureWork(const Problem &problem);
  double keptFraction() const;
  std::string tileText() const;

  std::string modName;
  Shape shape;
  DType dtype = DType::F32;
  PlaneChoice plane;
  Expr mask; ///< null: none
  TileBounds bounds;
  bool sameForAllHeads = true;
  TileSize tile;
  bool isKernelTile = true;
  TileCounts counts;
  KeptPairs kept;
  double classifyMs = 0;
  std::optional<BruteForceCounts> bruteForce;
  struct Hoisted {
    std::string hook;
    SharedValue value;
  };
  std::vector<Hoisted> hoisted;
  std::vector<Finding> findings;
  Entry entry = Entry::Prefill;
  std::string schedule;
  int passes = 1;
  double bytes = 0; ///< of q, k, v, out and captured buffers, each once
};

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_ATTNJIT_EXPLANATION_H
