//===- Contradiction.h - Conditions that no pair satisfies ------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a bool expression; proves that it is false at every pair, for all sizes
// and whatever buffers hold:
//
//   q >= kv and q - kv < 256 and not (q >= kv and q - kv < 512)
//
// By cases: `or` and what stands for it is written out, and in each case the
// comparisons are differences of two terms, x - y <= c. A case is refuted where
// they add up to 0 <= -1 along a cycle, or where it holds a condition and its
// opposite. Terms are positions, sizes, and whatever else is not a sum.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_CONTRADICTION_H
#define ATTNJIT_ANALYSIS_CONTRADICTION_H

#include "attnjit/Expr/Expr.h"

namespace attnjit {

/// What is known of positions.
enum class Positions : uint8_t {
  /// Rows of the tensors: 0 <= q = q_local < Sq, 0 <= b < B, and so on, all
  /// sizes at most 2^30. No offsets, no shards.
  Rows,
  /// Any i32, as under offsets, but for q_local, kv_local and kvh, which are
  /// rows and heads of the tensors at hand.
  Any,
  /// As lanes of a kernel compute them: q_local and kv_local may be any i32,
  /// too, past the end of a tensor.
  Lanes,
};

/// True: `condition` (bool; no score or prob) holds at no pair. False says
/// nothing.
bool isContradiction(const Expr &condition, Positions positions);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_CONTRADICTION_H
