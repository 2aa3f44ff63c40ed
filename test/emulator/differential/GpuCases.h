//===- GpuCases.h - What GPU kernels are tested on --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Mods, dtypes, head sizes, lengths, layouts, options and targets: cases that
// hold every pair of levels, as far as a case runs for about a second.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUCASES_H
#define ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUCASES_H

#include "Shape.h"

#include "attnjit/Spec/TargetSpec.h"

#include <string_view>
#include <vector>

namespace attnjit::test {

struct GpuCase {
  std::string_view mod; ///< its text
  Shape shape;
  TargetSpec target;
};

/// Always the same.
const std::vector<GpuCase> &coveringGpuCases();

} // namespace attnjit::test

#endif // ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUCASES_H
