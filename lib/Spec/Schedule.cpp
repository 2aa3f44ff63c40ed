//===- Schedule.cpp - Block sizes of a CPU kernel -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a spec and a target; gives the block sizes of its kernels.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Spec/Schedule.h"

#include <fmt/format.h>

#include <algorithm>

namespace attnjit {

PrefillSchedule PrefillSchedule::choose(const AttentionSpec &spec,
                                        const TargetSpec &target) {
  PrefillSchedule schedule;
  if (target.is(CpuLevel::V4)) {
    // 16 accumulators, 2 query vectors and a key element are 19 of the 32
    // registers. On Zen 4 at D = 128, S = 1024, of the FMA peak, dense /
    // causal:
    //   8 x 2  89.8 / 85.4 %    4 x 2  91.1 / 85.3 %
    //   8 x 3  88.6 / 79.5 %    4 x 3  88.6 / 79.4 %
    // against 87.0 / 82.1 % of x86-64-v3 in the same runs. Strips of 48 queries
    // waste more at the diagonal and at the end. Between 8 x 2 and 4 x 2 is no
    // difference that other shapes confirm; the 8 chains of 4 x 2 are the least
    // that two units of latency 4 need, 16 leave room.
    schedule.lanes = 16;
    schedule.rows = 8;
    schedule.columns = 2;
  }
  // Above D = 128 the K and V blocks shrink so that both keep fitting L2.
  int64_t widest = std::max(spec.D, spec.Dv);
  if (widest > 256)
    schedule.blockKv = 32;
  else if (widest > 128)
    schedule.blockKv = 64;
  return schedule;
}

std::string PrefillSchedule::keyText() const {
  return fmt::format("prefill lanes={} rows={} columns={} q={} kv={}", lanes,
                     rows, columns, blockQ, blockKv);
}

DecodeSchedule DecodeSchedule::choose(const AttentionSpec &spec,
                                      const TargetSpec &target) {
  DecodeSchedule schedule;
  if (target.is(CpuLevel::V4)) {
    // 16 accumulators; groups of 4 and 8 heads leave no rest. On Zen 4 at
    // D = 128 with 8 heads a group, f32 in L2, of the FMA peak: 4 rows 75.4 %,
    // 3 rows 71.6 %, 4 rows by 8 vectors 69.5 %, against 71.1 % of x86-64-v3 in
    // the same runs; 6 and 8 rows are slower still. 16 keys a block: 67.9 %,
    // but with bf16 out of cache 55.5 % against 50.9 % of 32 keys.
    schedule.lanes = 16;
    schedule.rows = 4;
    if (spec.dtype == DType::F32)
      schedule.blockKv = 32;
  }
  // Short rows make a block's fixed work, per row, weigh more.
  if (std::max(spec.D, spec.Dv) <= 64)
    schedule.blockKv = 32;
  return schedule;
}

std::string DecodeSchedule::keyText() const {
  return fmt::format("decode lanes={} keys={} rows={} vectors={} q={} kv={}",
                     lanes, keys, rows, vectors, blockRows, blockKv);
}

} // namespace attnjit
