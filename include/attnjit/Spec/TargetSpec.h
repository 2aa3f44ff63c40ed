//===- TargetSpec.h - The machine a kernel is compiled for ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names a target: an x86-64 micro-architecture level, or an NVIDIA GPU's
// compute capability.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SPEC_TARGETSPEC_H
#define ATTNJIT_SPEC_TARGETSPEC_H

#include "attnjit/Support/Error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace attnjit {

/// A micro-architecture level of the x86-64 psABI.
enum class CpuLevel {
  V3, ///< AVX2, FMA, F16C: 16 registers of 256 bits
  V4, ///< AVX-512 F, BW, CD, DQ, VL: 32 registers of 512 bits
};

/// NVIDIA GPUs by compute capability. Code for one runs on those of the same
/// major number and a minor number that is not lower; PTX for one is compiled
/// by the driver for every later one.
enum class GpuArch { Sm80, Sm86, Sm89, Sm90, Sm100, Sm120 };

/// What kernels must know of a GpuArch. Numbers are those of the CUDA C++
/// Programming Guide, "Technical Specifications per Compute Capability".
struct GpuTraits {
  std::string_view name; ///< "sm_80"
  int major, minor;      ///< compute capability
  /// The version of the PTX instruction set, major * 10 + minor, that the
  /// target's code is written in at least.
  int ptxVersion;
  int64_t sharedBytes; ///< most shared memory of one block
  int64_t sharedBytesOfMultiprocessor;
};

/// The machine that a kernel is compiled for.
struct TargetSpec {
  std::variant<CpuLevel, GpuArch> machine = CpuLevel::V3;

  /// The best CPU level that this machine can execute; an Error of kind
  /// Unsupported where it has no AVX2 or FMA.
  static Expected<TargetSpec> host();

  /// The best GPU target whose code a GPU of that compute capability executes;
  /// an Error of kind Unsupported for one that is too old.
  static Expected<TargetSpec> ofGpu(int major, int minor);

  /// Every CPU and every GPU target there is, whether or not it runs here,
  /// least first.
  static const std::vector<TargetSpec> &cpus();
  static const std::vector<TargetSpec> &gpus();

  /// From "host" or a target's name; the Error lists what is known.
  static Expected<TargetSpec> parse(std::string_view name);

  /// "x86-64-v3", "x86-64-v4", "sm_80", ...
  std::string_view name() const;

  bool isGpu() const { return std::holds_alternative<GpuArch>(machine); }
  bool is(CpuLevel level) const { return *this == TargetSpec{level}; }

  /// Of a GPU target.
  const GpuTraits &gpu() const;

  /// Whether this machine's processor can execute code for this target; false
  /// for a GPU target.
  bool runsHere() const;

  bool operator==(const TargetSpec &) const = default;
};

} // namespace attnjit

#endif // ATTNJIT_SPEC_TARGETSPEC_H
