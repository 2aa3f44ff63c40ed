//===- TestCases.h - What is checked on the device ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A few hundred problems that `attn-jit run --check` compares with the
// reference in f64. Small enough that the reference takes all rows.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_TESTCASES_H
#define ATTNJIT_TOOLS_GPUCHECK_TESTCASES_H

#include "ToolCase.h"

#include <string>
#include <vector>

namespace attnjit::gpucheck {

/// What the differential suite does not look at, the way through the tool: mods
/// that have code of their own in the compiler, each at a few shapes, element
/// types and head sizes in turn, and each mod of `library` at one.
std::vector<ToolCase> testCases(const std::vector<std::string> &library);

/// A few cheap ones for tools that slow a kernel down a hundredfold.
std::vector<ToolCase> sanitizerCases();

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_TESTCASES_H
