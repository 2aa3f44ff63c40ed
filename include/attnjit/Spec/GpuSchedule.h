//===- GpuSchedule.h - Block sizes of a GPU kernel --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tuning constants of an entry point on a GPU, chosen from a spec. Part of
// the cache key. What a launch must know of a kernel follows from them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SPEC_GPUSCHEDULE_H
#define ATTNJIT_SPEC_GPUSCHEDULE_H

#include "attnjit/ABI/Entry.h"
#include "attnjit/Spec/AttentionSpec.h"
#include "attnjit/Spec/TargetSpec.h"

#include <cstdint>
#include <string>

namespace attnjit {

/// Head sizes that GPU kernels can be compiled for: out of a block lies in
/// registers.
inline constexpr int64_t kMaxGpuHeadDim = 256;

/// Block sizes of a kernel whose products are warp-wide mma.sync instructions;
/// a product of f32 is three of tf32. A block of threads computes `blockRows()`
/// rows; its warps share them out, and each keeps `rowTiles` tiles of 16 rows.
/// `warpsKv` warps share the same rows and take every `warpsKv`-th part of each
/// block of keys.
struct GpuSchedule {
  int64_t warpsRows = 4;
  int64_t warpsKv = 1;
  int64_t rowTiles = 1;
  int64_t blockKv = 64;            ///< keys of one block, of all `warpsKv`
  int64_t stages = 2;              ///< blocks of K and V in shared memory
  bool queriesInRegisters = false; ///< else read anew for each block of keys

  int64_t D = 0, Dv = 0;    ///< head sizes, rounded up to multiples of 16
  int64_t elementBytes = 2; ///< of q, k and v in shared memory
  /// Decode: the warps' sums take the place of k and v, too, not of q alone.
  bool sumsOverStages = false;

  int64_t warpRows() const { return rowTiles * 16; }
  int64_t blockRows() const { return warpsRows * warpRows(); }
  int64_t threads() const { return warpsRows * warpsKv * 32; }

  /// Bytes from row to row in shared memory. Sixteen more than a row takes:
  /// an odd number of 16-byte units, so that the eight rows that one matrix
  /// load reads lie in different banks, without any swizzle to compute.
  int64_t pitchQK() const { return D * elementBytes + 16; }
  int64_t pitchV() const { return Dv * elementBytes + 16; }

  /// Layout of shared memory, in bytes: q, which out takes the place of in the
  /// end; then for each stage a block of k and one of v.
  int64_t queryBytes() const;
  /// Of decode, what the warps that share rows leave there, in f32.
  int64_t sumsBytes() const;
  int64_t keyOffset() const { return queryBytes(); }
  int64_t valueOffset() const { return keyOffset() + blockKv * pitchQK(); }
  int64_t stageBytes() const { return blockKv * (pitchQK() + pitchV()); }
  /// Behind them, a few words for each warp.
  static constexpr int64_t kWalkBytes = 32;
  int64_t walkOffset() const;
  int64_t sharedBytes() const {
    return walkOffset() + warpsRows * warpsKv * kWalkBytes;
  }

  /// Decode: floats from row to row where warps leave their sums in shared
  /// memory: out of a row, then its m and l. Of partial results, `Dv`.
  int64_t pitchSums() const { return Dv + 4; }
  int64_t partialWidth() const { return Dv; }

  /// Keys of a block that one warp takes.
  int64_t warpKeys() const { return blockKv / warpsKv; }

  /// The schedule of an entry point for a spec on a target. Unsupported where a
  /// head size exceeds kMaxGpuHeadDim.
  static Expected<GpuSchedule> choose(const AttentionSpec &spec,
                                      const TargetSpec &target, Entry entry);

  /// Every field; part of cache keys.
  std::string keyText() const;
};

} // namespace attnjit

#endif // ATTNJIT_SPEC_GPUSCHEDULE_H
