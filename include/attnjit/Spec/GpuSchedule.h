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

/// Where the rows of a tile are in shared memory, in units of 16 bytes: so that
/// the units that one matrix load reads of eight rows lie in different banks.
struct SharedRows {
  /// Bytes in which swizzled rows exchange units: unit u of row r is where unit
  /// u ^ (r % 8) would be.
  static constexpr int64_t kSwizzledBytes = 128;

  int64_t bytes; ///< of a row
  int64_t pitch; ///< bytes from row to row
  bool isSwizzled;

  /// A row is followed by 16 bytes, so that it is an odd number of units: an
  /// address is one register and constants.
  static SharedRows padded(int64_t bytes) { return {bytes, bytes + 16, false}; }
  /// Rows begin at multiples of kSwizzledBytes: asynchronous copies of so many
  /// bytes take a cycle in place of two or more.
  static SharedRows swizzled(int64_t bytes) {
    const int64_t groups = (bytes + kSwizzledBytes - 1) / kSwizzledBytes;
    return {bytes, groups * kSwizzledBytes, true};
  }
};

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

  int64_t warpRows() const { return rowTiles * 16; } ///< of one warp
  int64_t blockRows() const { return warpsRows * warpRows(); }
  int64_t threads() const { return warpsRows * warpsKv * 32; }

  SharedRows rowsQ() const { return SharedRows::padded(D * elementBytes); }
  SharedRows rowsK() const { return SharedRows::swizzled(D * elementBytes); }
  SharedRows rowsV() const { return SharedRows::swizzled(Dv * elementBytes); }
  SharedRows rowsOut() const { return SharedRows::padded(Dv * elementBytes); }

  /// Layout of shared memory, in bytes: q, which out takes the place of in the
  /// end; then for each stage a block of k and one of v.
  int64_t queryBytes() const;
  /// Of decode, what the warps that share rows leave there, in f32.
  int64_t sumsBytes() const;
  int64_t keyOffset() const { return queryBytes(); }
  int64_t valueOffset() const { return keyOffset() + blockKv * rowsK().pitch; }
  int64_t stageBytes() const {
    return blockKv * (rowsK().pitch + rowsV().pitch);
  }
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
