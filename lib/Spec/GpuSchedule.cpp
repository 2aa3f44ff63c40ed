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

int64_t GpuSchedule::sumsBytes() const {
  return warpsKv > 1 ? warpsKv * blockRows() * pitchSums() * 4 : 0;
}

int64_t GpuSchedule::queryBytes() const {
  const int64_t bytes = blockRows() * std::max(rowsQ().pitch, rowsOut().pitch);
  return sumsOverStages ? bytes : std::max(bytes, sumsBytes());
}

int64_t GpuSchedule::walkOffset() const {
  return std::max(queryBytes() + stages * stageBytes(), sumsBytes());
}

/// Of f32, a row is twice as long and a product takes more registers: each of a
/// number is two of tf32. So a warp has two tiles of 16 rows up to D = 64
/// alone, and beyond, eight warps hide each other's waits. Where that exceeds
/// shared memory, first blocks of keys get shorter, then of rows, then there is
/// one stage. Not measured.
static GpuSchedule chooseF32(GpuSchedule s, int64_t sharedBytes, Entry entry) {
  auto fits = [&] { return s.sharedBytes() <= sharedBytes; };
  if (entry == Entry::Decode) {
    s.sumsOverStages = true;
    if (!fits())
      s.blockKv = 32;
    if (!fits())
      s.stages = 1;
    return s;
  }
  const bool isNarrow = std::max(s.D, s.Dv) <= 64;
  s.rowTiles = isNarrow ? 2 : 1;
  for (int64_t stages : {2, 1})
    for (int64_t warps : {8, 4})
      for (int64_t keys : {32, 16}) {
        if (isNarrow && warps == 8)
          continue;
        s.stages = stages;
        s.warpsRows = warps;
        s.blockKv = keys;
        if (fits())
          return s;
      }
  return s;
}

Expected<GpuSchedule> GpuSchedule::choose(const AttentionSpec &spec,
                                          const TargetSpec &target,
                                          Entry entry) {
  for (int64_t size : {spec.D, spec.Dv})
    if (size > kMaxGpuHeadDim)
      return fail(ErrorKind::Unsupported,
                  fmt::format("head size {} is more than {}, the most that "
                              "kernels for `{}` take",
                              size, kMaxGpuHeadDim, target.name()));
  GpuSchedule s;
  s.D = roundUp(spec.D, 16);
  s.Dv = roundUp(spec.Dv, 16);
  s.elementBytes = sizeBytes(spec.dtype);
  if (entry == Entry::Decode) {
    // A tile of 16 rows holds those of up to 16 heads of a group; four warps
    // share the keys of a block, 16 each.
    s.warpsRows = 1;
    s.warpsKv = 4;
    s.queriesInRegisters = s.D <= 128 && s.elementBytes == 2;
    s.blockKv = 64;
  }
  if (spec.dtype == DType::F32) {
    s = chooseF32(s, target.gpu().sharedBytes, entry);
    assert(s.sharedBytes() <= target.gpu().sharedBytes && "fits every target");
    return s;
  }
  if (entry == Entry::Decode) {
    if (s.sharedBytes() > target.gpu().sharedBytes)
      s.sumsOverStages = true;
    if (s.sharedBytes() > target.gpu().sharedBytes)
      s.stages = 1;
    return s;
  }
  // On an H100, bf16, B = 4, Hq = 16, S = 4096, TFLOP/s, dense / causal, before
  // rows were swizzled:
  //   D = 128, warps x tiles x keys  8x1x64 226 / 245   4x2x32 327 / 307
  //                                  4x2x48 366 / 329   4x2x64 345 / 343
  //                                  8x2x64 339 / 315
  //   D = 64, q in registers         8x1x64 228 / 212   4x2x64 323 / 291
  //                                  4x2x96 305 / 284   8x2x64 299 / 256
  // Two tiles a warp halve what it reads of shared memory for a product.
  // Above D = 128, sums of two tiles do not fit the registers.
  const int64_t widest = std::max(s.D, s.Dv);
  s.rowTiles = widest <= 128 ? 2 : 1;
  s.queriesInRegisters = s.D <= 64;
  s.blockKv = 64;
  while (s.sharedBytes() > target.gpu().sharedBytes && s.blockKv > 16)
    s.blockKv -= 16;
  assert(s.sharedBytes() <= target.gpu().sharedBytes && "fits every target");
  return s;
}

std::string GpuSchedule::keyText() const {
  return fmt::format(
      "mma.sync rows={}x{} kv={}/{} stages={} registers={} overlaid={}",
      warpsRows, rowTiles, blockKv, warpsKv, stages, queriesInRegisters ? 1 : 0,
      sumsOverStages ? 1 : 0);
}

} // namespace attnjit
