//===- Schedule.cpp - Block sizes of a CPU kernel -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a spec; gives the block sizes of its kernels.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Spec/Schedule.h"

#include <fmt/format.h>

#include <algorithm>

namespace attnjit {

PrefillSchedule PrefillSchedule::choose(const AttentionSpec &spec) {
  PrefillSchedule schedule;
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

DecodeSchedule DecodeSchedule::choose(const AttentionSpec &spec) {
  DecodeSchedule schedule;
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
