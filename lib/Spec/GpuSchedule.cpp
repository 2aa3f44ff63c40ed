//===- GpuSchedule.cpp - Block sizes of a GPU kernel ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a spec and a target; gives the block sizes of its kernel.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Spec/GpuSchedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace attnjit {

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

int64_t GpuSchedule::queryBytes() const {
  int64_t outBytes = std::max(pitchQK(), pitchV());
  // The warps that share rows leave their sums there, in f32.
  int64_t sumsBytes =
      warpsKv > 1 ? warpsKv * blockRows() * (Dv + 4) * 4 : int64_t(0);
  return std::max(blockRows() * outBytes, sumsBytes);
}

int64_t GpuSchedule::sharedBytes() const {
  return queryBytes() + stages * stageBytes();
}

Expected<GpuSchedule> GpuSchedule::choose(const AttentionSpec &spec,
                                          const TargetSpec &target) {
  for (int64_t size : {spec.D, spec.Dv})
    if (size > kMaxGpuHeadDim)
      return fail(ErrorKind::Unsupported,
                  fmt::format("head size {} is more than {}, the most that "
                              "kernels for `{}` take",
                              size, kMaxGpuHeadDim, target.name()));
  GpuSchedule s;
  s.D = roundUp(spec.D, 16);
  s.Dv = roundUp(spec.Dv, 16);
  s.elementBytes = 2;
  s.queriesInRegisters = s.D <= 64;
  int64_t widest = std::max(s.D, s.Dv);
  s.warpsRows = widest <= 128 ? 8 : 4;
  // The widest that leaves two stages of blocks in shared memory.
  for (s.blockKv = 64; s.blockKv > 16; s.blockKv /= 2)
    if (s.sharedBytes() <= target.gpu().sharedBytes)
      break;
  assert(s.sharedBytes() <= target.gpu().sharedBytes && "fits every target");
  return s;
}

std::string GpuSchedule::keyText() const {
  return fmt::format("mma.sync rows={}x{} kv={}/{} stages={} registers={}",
                     warpsRows, rowTiles, blockKv, warpsKv, stages,
                     queriesInRegisters ? 1 : 0);
}

} // namespace attnjit
