//===- BenchCases.h - What is measured on the device ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The problems of the benchmark, in the words of the tool and in those of
// tools/bench/gpu_peers.py, which runs other implementations on the same.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_BENCHCASES_H
#define ATTNJIT_TOOLS_GPUCHECK_BENCHCASES_H

#include "ToolCase.h"

#include <filesystem>
#include <vector>

namespace attnjit::gpucheck {

struct BenchCase {
  ToolCase toolCase;
  /// {"mod", "dtype", "shape"} and the values that the mod captures.
  Json peerCase;
};

/// Buffers become files in `directory`.
Expected<std::vector<BenchCase>>
benchCases(const std::filesystem::path &directory);

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_BENCHCASES_H
