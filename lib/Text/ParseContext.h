//===- ParseContext.h - What all files of one parse share -------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The budgets that keep the time of a parse within bounds however the text is
// made, and the files that stand open while one uses another.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_PARSECONTEXT_H
#define ATTNJIT_LIB_TEXT_PARSECONTEXT_H

#include "attnjit/Text/Parser.h"

#include <cstdint>
#include <string>
#include <vector>

namespace attnjit {

/// Files open within one another.
inline constexpr size_t kMaxUseDepth = 16;
/// `use` statements followed in one parse.
inline constexpr int kMaxUses = 64;

struct ParseContext {
  const ParseOptions &options;
  /// Names of the files being used, outermost first. The file that the parse
  /// began with has no known name and is not among them.
  std::vector<std::string> openFiles;
  int usesLeft = kMaxUses;
  /// Nodes that substitutions and reductions may still visit: a few
  /// seconds worth of work. Without it a short text of nested defs could ask
  /// for any amount.
  uint64_t nodesLeft = uint64_t{1} << 20;
  /// Operations that compile-time values may still take.
  uint64_t constantStepsLeft = uint64_t{1} << 24;

  /// Takes `count` from a budget; false where it does not hold them.
  static bool spend(uint64_t &budget, uint64_t count) {
    bool isEnough = count <= budget;
    budget -= isEnough ? count : budget;
    return isEnough;
  }
};

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_PARSECONTEXT_H
