//===- GpuArtifact.h - What the cache holds of a GPU kernel -----*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// PTX, and where somebody has compiled it, a cubin for one compute capability.
// As bytes: a line "attnjit-gpu 1 PTXBYTES SM CUBINBYTES" (SM is "-" without a
// cubin), the PTX, the cubin. docs/cache.md.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ENGINE_GPUARTIFACT_H
#define ATTNJIT_LIB_ENGINE_GPUARTIFACT_H

#include <optional>
#include <string>
#include <string_view>

namespace attnjit {

struct GpuArtifact {
  std::string ptx;
  std::string sm; ///< "sm_90": what `cubin` runs on; empty: there is none
  std::string cubin;

  std::string toBytes() const;
  /// Nothing where the bytes are no artifact.
  static std::optional<GpuArtifact> fromBytes(std::string_view bytes);
};

} // namespace attnjit

#endif // ATTNJIT_LIB_ENGINE_GPUARTIFACT_H
