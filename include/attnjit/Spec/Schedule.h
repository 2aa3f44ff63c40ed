//===- Schedule.h - Block sizes of a CPU kernel -----------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tuning constants of each entry point, chosen from a spec. Part of the
// cache key: another schedule is another kernel.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SPEC_SCHEDULE_H
#define ATTNJIT_SPEC_SCHEDULE_H

#include "attnjit/Spec/AttentionSpec.h"
#include "attnjit/Spec/TargetSpec.h"

#include <cstdint>
#include <string>

namespace attnjit {

/// Block sizes of the prefill kernel. Queries lie in vector lanes: a strip is
/// `columns` vectors of `lanes` queries; a tile is `rows` keys by one strip.
struct PrefillSchedule {
  /// f32 lanes of one register: 8 of AVX2, 16 of AVX-512.
  int64_t lanes = 8;
  /// A multiple of 4, a power of two. On x86-64-v3, 4 x 3 accumulators, 3 query
  /// vectors and a broadcast key element are exactly the 16 registers: 97 % of
  /// the FMA peak for the tile alone on Zen 3, against 76 % (3 x 4) and 62 %
  /// (12 x 1), which spill.
  int64_t rows = 4;
  int64_t columns = 3;
  /// Queries of one work item: the K and V blocks are read once per item, so
  /// more queries mean less traffic; fewer leave more items to balance.
  int64_t blockQ = 192;
  /// Keys of one block: K and V of a block stay in L2, one strip's scores
  /// (blockKv x strip floats) in L1. 64 to 192 are level at D = 128.
  int64_t blockKv = 128;

  int64_t strip() const { return lanes * columns; }
  int64_t stripsPerItem() const { return blockQ / strip(); }

  /// The schedule for a spec on a target.
  static PrefillSchedule choose(const AttentionSpec &spec,
                                const TargetSpec &target);

  /// Every field; part of cache keys.
  std::string keyText() const;
};

/// Block sizes of the decode kernel. Elements of a head lie in vector lanes; a
/// row is one (query head, query) pair of the query heads that share a key
/// head.
struct DecodeSchedule {
  /// f32 lanes of one register: 8 of AVX2, 16 of AVX-512.
  int64_t lanes = 8;
  /// A tile of scores is `keys` keys (always 4) by `rows` rows: on x86-64-v3,
  /// 12 accumulators, 3 row vectors and a key vector are the 16 registers.
  int64_t keys = 4;
  int64_t rows = 3;
  /// A tile of out is `rows` rows by this many vectors of Dv: likewise.
  int64_t vectors = 4;
  /// Rows of one work item, which read K and V together. Their queries, scores
  /// and sums stay in L2.
  int64_t blockRows = 48;
  /// Keys of one block: K and V of a block, 16-bit ones widened, stay in L1 for
  /// all rows. Of 16, 32 and 64 keys at D = 128, 16 was the fastest by 3 to 8 %
  /// for every dtype and group on Zen 4.
  int64_t blockKv = 16;

  /// The schedule for a spec on a target.
  static DecodeSchedule choose(const AttentionSpec &spec,
                               const TargetSpec &target);

  /// Every field; part of cache keys.
  std::string keyText() const;
};

} // namespace attnjit

#endif // ATTNJIT_SPEC_SCHEDULE_H
