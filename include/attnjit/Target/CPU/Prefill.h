//===- Prefill.h - The prefill kernel of the CPU target ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes `attn.forward` and a schedule; gives the kernel's loops and vectors as
// `llvm.func`s over scf, arith, vector and llvm memory operations.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_CPU_PREFILL_H
#define ATTNJIT_TARGET_CPU_PREFILL_H

#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Spec/Schedule.h"

#include "mlir/Support/LLVM.h"

namespace attnjit::cpu {

/// Where the kernel keeps its state in the workspace: byte offsets, each a
/// multiple of 64. Sizes in f32 unless said otherwise.
struct PrefillWorkspace {
  /// Vectors that are kept for a strip, loads and functions of the distance
  /// that are done for a tile, at most; what exceeds them is computed for each
  /// pair. More than mods have.
  static constexpr int64_t kStripValues = 8;
  static constexpr int64_t kTileLoads = 5;
  static constexpr int64_t kDistanceValues = 4;

  /// Distances of key and query in a tile, in whole vectors.
  static int64_t distancesOf(const PrefillSchedule &s) {
    return s.strip() + (s.rows + s.lanes - 2) / s.lanes * s.lanes;
  }

  int64_t queries; ///< [strips][D][strip]: q transposed, times the scale
  int64_t acc;     ///< [strips][Dv rounded up to lanes][strip]: out, transposed
  int64_t reference;   ///< [strips][strip]: m, subtracted from scores
  int64_t threshold;   ///< [strips][strip]: scores above it move m; between two
                       ///< passes, lse takes its place
  int64_t sum;         ///< [strips][strip]: l; then the factor of the row
  int64_t positions;   ///< i32 [strips][strip]: q position of each lane
  int64_t stripValues; ///< f32 or i32 [kStripValues][strips][strip]
  int64_t rowOffsets;  ///< i64 [kTileLoads][strips][strip]
  int64_t tileElements; ///< f32 or i32 [kTileLoads][rows][strip]
  int64_t distances;    ///< f32 or i32 [kDistanceValues][distances]
  int64_t scores;       ///< [blockKv][strip]: scores, then probabilities
  int64_t bits;    ///< i32 [rows][strip]: -1 where a pair of the tile is kept
  int64_t words;   ///< i32 [rows + 3, rounded up to 4][lanes]: of dropout
  int64_t vRows;   ///< pointer [blockKv]: into the first chunk of `values`, for
                   ///< each row of scores
  int64_t zeros;   ///< [16]: for empty buffers
  int64_t outRows; ///< [strip][Dv rounded up]: out of one strip
  int64_t keys;    ///< [blockKv][D]: a block of 16-bit k, widened
  /// [Dv / rows, rounded up][blockKv + 1][rows]: a block of v, in chunks of the
  /// columns that are computed together. The last row is zeros, for keys that
  /// none keeps.
  int64_t values;
  int64_t bytes;             ///< of all
  int64_t stripValuesBytes;  ///< of one of the kStripValues
  int64_t rowOffsetsBytes;   ///< of one of the kTileLoads
  int64_t tileElementsBytes; ///< likewise
  int64_t distancesBytes;    ///< of one of the kDistanceValues

  static PrefillWorkspace layout(const AttentionSpec &spec,
                                 const PrefillSchedule &schedule);
};

/// Emits before `forward` the function of its name, `void(!llvm.ptr)`, and
/// private helpers.
void lowerToPrefill(attn::ForwardOp forward, const AttentionSpec &spec,
                    const TargetSpec &target);

} // namespace attnjit::cpu

#endif // ATTNJIT_TARGET_CPU_PREFILL_H
