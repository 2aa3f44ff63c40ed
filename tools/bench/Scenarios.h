//===- Scenarios.h - What is measured -------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The figures that the project holds itself to, each measured against what it
// is compared with in the same rounds.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_BENCH_SCENARIOS_H
#define ATTNJIT_TOOLS_BENCH_SCENARIOS_H

#include "Figure.h"

#include "attnjit/Support/Error.h"

#include <filesystem>
#include <vector>

namespace attnjit::bench {

/// Kernels: shares of the peak, ratios to each other and to BLAS, scaling over
/// threads, the look-up of a kernel.
Expected<std::vector<Figure>> measureKernels(double seconds);

/// Mods against the plain kernel, D = 128 and S = 2048, one thread.
Expected<std::vector<Figure>> measureMods(double seconds);

/// What deciding the tiles of masks costs against attention, at lengths up to a
/// million, and against making the mask a tensor; how time follows the kept
/// pairs; what two threads gain where rows differ.
Expected<std::vector<Figure>> measureSparsity(double seconds);

/// Decoding against reading K and V, and against the peak of the machine.
Expected<std::vector<Figure>> measureDecode(double seconds);

/// Best run times by number of queries, from 1 on.
struct Sweep {
  struct Line {
    int64_t Skv;
    std::vector<double> us; ///< by Sq - 1
  };
  std::vector<Line> lines;
  std::vector<std::string> entries; ///< entry point by Sq - 1

  Json json() const;
  std::string svg() const;
};
Expected<Sweep> measureSweep(double seconds);

/// Processes: from exec of the tool to its first result, with an empty cache
/// and with a filled one.
Expected<std::vector<Figure>> measureStartup(const std::filesystem::path &tool,
                                             double seconds);

} // namespace attnjit::bench

#endif // ATTNJIT_TOOLS_BENCH_SCENARIOS_H
