//===- GoldenComparison.h - Whether a GPU did what was expected -*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_GPU_GOLDENCOMPARISON_H
#define ATTNJIT_TEST_GPU_GOLDENCOMPARISON_H

#include "GoldenCase.h"

namespace attnjit::golden {

/// Whether word `index` of a case's results may be `got`.
bool isRight(const GoldenCase &one, size_t index, uint32_t got);

/// Nothing, where the results are right; else how many are not, and for the
/// first of them instruction, block, thread, lane, inputs and values.
std::string whatIsWrong(const GoldenCase &one, const Words &results);

} // namespace attnjit::golden

#endif // ATTNJIT_TEST_GPU_GOLDENCOMPARISON_H
