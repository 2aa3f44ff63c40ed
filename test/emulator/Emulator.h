//===- Emulator.h - GPU kernels on the CPU ----------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the optimised LLVM IR of an NVPTX kernel and a launch; runs every
// thread of the grid on the CPU and gives nothing, or the first thing that a
// GPU would not have had to accept. What the PTX manual leaves open (order of
// warps, when copies land, order of sums) is chosen by a seed.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_EMULATOR_H
#define ATTNJIT_TEST_EMULATOR_EMULATOR_H

#include "attnjit/Support/Error.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit::emulator {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
};

/// What the driver is given for a launch.
struct Launch {
  /// The kernel's parameters, each at its natural alignment, by-value
  /// aggregates in place. Not written: a kernel that writes one is refused.
  std::span<const std::byte> params;
  Dim3 grid = {};
  Dim3 block = {};
  /// Size of the external addrspace(3) array, where the kernel has one.
  size_t dynamicSharedBytes = 0;
};

/// A piece of global memory that a kernel may use.
struct MemoryRange {
  const void *data = nullptr;
  size_t bytes = 0;
  bool isWritable = false;
  std::string name; ///< for messages
};

struct Options {
  /// Chooses the schedule and whatever else the manual leaves open. The same
  /// seed gives the same run.
  uint64_t seed = 0;
  /// All global memory that the kernel may touch, apart from the module's own
  /// variables; none: any address is accepted, and a wild one ends the process.
  std::optional<std::vector<MemoryRange>> memory = {};
  /// Moves results of the approximate instructions by up to the error that
  /// the manual states, by seed; else they are correctly rounded.
  bool perturbApproximations = false;
  /// Blocks that run interleaved. More than 1 shows a block that is counted
  /// as done before it is.
  unsigned residentBlocks = 2;
  /// The largest shared memory of a block, static and dynamic.
  size_t sharedLimitBytes = 227 * 1024;
};

/// A kernel that is ready to run. Holds compiled code; may be moved, not
/// copied; `run` may be called any number of times, by one OS thread at a time.
/// Needs an x86-64 processor with AVX2 and FMA.
class Emulator {
public:
  /// Parses, rewrites and compiles.
  ///
  /// Errors: text that is not LLVM IR; no such kernel; an intrinsic, an inline
  /// PTX text or a called function that the emulator does not know, by name.
  static Expected<Emulator> load(std::string_view llvmIr,
                                 std::string_view kernelName);

  Emulator(Emulator &&) noexcept;
  Emulator &operator=(Emulator &&) noexcept;
  ~Emulator();

  /// Runs the grid. An error names block, thread, instruction and values; what
  /// the kernel had written by then stays.
  Expected<void> run(const Launch &launch, const Options &options = {});

private:
  struct Impl;
  explicit Emulator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_EMULATOR_H
