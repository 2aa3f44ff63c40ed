//===- DeviceTests.h - The tests of a device ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs every case in a process of its own, several at once: a kernel that
// breaks its context or hangs costs one case. Then the test programs that need
// a device, and a few cases under compute-sanitizer.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_DEVICETESTS_H
#define ATTNJIT_TOOLS_GPUCHECK_DEVICETESTS_H

#include "Record.h"
#include "ToolCase.h"

namespace attnjit::gpucheck {

struct TestOptions {
  int jobs = 1;
  /// Cases that have not begun by then count as skipped.
  double seconds = 240;
};

/// Runs `attn-jit run --check` on the cases; counts them in the record.
void runCases(const ToolSetup &setup, const std::vector<ToolCase> &cases,
              const TestOptions &options, Record &record);

/// Runs the programs named *Gpu*Tests beside the tool, which are GoogleTest's;
/// those of GoldenInstruction*Tests count as golden instructions too.
void runTestPrograms(const ToolSetup &setup, const TestOptions &options,
                     Record &record);

/// Runs a few cases under compute-sanitizer's memcheck and racecheck, where
/// that is installed.
void runSanitizer(const ToolSetup &setup, const TestOptions &options,
                  Record &record);

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_DEVICETESTS_H
