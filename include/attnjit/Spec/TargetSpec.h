//===- TargetSpec.h - The machine a kernel is compiled for ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names a target: an x86-64 micro-architecture level.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SPEC_TARGETSPEC_H
#define ATTNJIT_SPEC_TARGETSPEC_H

#include "attnjit/Support/Error.h"

#include <string>
#include <string_view>
#include <vector>

namespace attnjit {

/// A micro-architecture level of the x86-64 psABI.
enum class CpuLevel {
  V3, ///< AVX2, FMA, F16C: 16 registers of 256 bits
  V4, ///< AVX-512 F, BW, CD, DQ, VL: 32 registers of 512 bits
};

/// The machine that a kernel is compiled for.
struct TargetSpec {
  CpuLevel cpu = CpuLevel::V3;

  /// The best level that this machine can execute; an Error of kind
  /// Unsupported where it has no AVX2 or FMA.
  static Expected<TargetSpec> host();

  /// Every target there is, whether or not it runs here, least first.
  static const std::vector<TargetSpec> &all();

  /// From "host" or a target's name; the Error lists what is known.
  static Expected<TargetSpec> parse(std::string_view name);

  /// "x86-64-v3", "x86-64-v4".
  std::string_view name() const;

  /// Whether this machine can execute code for this target.
  bool runsHere() const;

  bool operator==(const TargetSpec &) const = default;
};

} // namespace attnjit

#endif // ATTNJIT_SPEC_TARGETSPEC_H
