//===- Benchmark.h - Speeds beside those of others ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ours, the peers, ours again, case by case: a chip that grows warm or shares
// its power meets both sides.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_BENCHMARK_H
#define ATTNJIT_TOOLS_GPUCHECK_BENCHMARK_H

#include "Peers.h"
#include "Record.h"

namespace attnjit::gpucheck {

struct BenchOptions {
  /// Cases that have not begun by then are left out.
  double seconds = 300;
  /// Of one measurement of ours.
  double caseSeconds = 0.5;
};

/// Measures the cases, writes the record after each, prints a line of each.
/// An Error where the record cannot be written.
Expected<void> runBenchmark(const ToolSetup &setup,
                            const std::vector<BenchCase> &cases, Peers &peers,
                            const BenchOptions &options, Record &record);

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_BENCHMARK_H
