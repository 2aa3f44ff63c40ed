//===- DeviceTests.h - The tests of a device ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the test programs that need a device, the differential suite in parts, a
// few cases under compute-sanitizer, and cases of the tool, each in a process
// of its own, several at once: a kernel that breaks its context or hangs costs
// one.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_DEVICETESTS_H
#define ATTNJIT_TOOLS_GPUCHECK_DEVICETESTS_H

#include "Record.h"
#include "ToolCase.h"

namespace attnjit::gpucheck {

struct TestOptions {
  int jobs = 1;
  /// What has not begun by then counts as skipped.
  double seconds = 240;
};

/// Runs, and counts in the record: on `cuda`, GoogleTest's programs beside the
/// tool that are named *Gpu*Tests (those of GoldenInstruction* count as golden
/// instructions, too), the differential suite there for that target, cases
/// under compute-sanitizer's memcheck and racecheck where that is installed;
/// and `attn-jit run --check` on the cases.
void runDeviceTests(const ToolSetup &setup, const std::vector<ToolCase> &cases,
                    const TestOptions &options, Record &record);

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_DEVICETESTS_H
