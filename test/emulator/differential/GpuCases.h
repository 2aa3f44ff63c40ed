//===- GpuCases.h - What GPU kernels are tested on --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Mods, dtypes, head sizes, lengths, layouts, options and targets: cases that
// hold every pair of levels, as far as a case runs for about a second; and what
// kernels for GPUs refuse.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUCASES_H
#define ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUCASES_H

#include "Shape.h"

#include "attnjit/ABI/Entry.h"
#include "attnjit/Spec/TargetSpec.h"

#include <span>
#include <string_view>
#include <vector>

namespace attnjit::test {

struct GpuCase {
  std::string_view mod; ///< its text
  Shape shape;
  TargetSpec target;
  Entry entry;
  int64_t splitKeys; ///< decode: keys of a split; 0: as a run would
};

/// The texts of the mods.
std::span<const char *const> gpuMods();

/// What the error says with which a mod is refused; empty where it must
/// compile. The cases hold what is not refused.
std::string_view refusalOf(std::string_view mod, Entry entry);

/// Always the same cases; in a full run (`isFullRun`), behind them those of
/// other covers.
const std::vector<GpuCase> &coveringGpuCases(Entry entry);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUCASES_H
