//===- AttentionSpec.h - What a kernel is specialised on ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The plain values that together with a mod program determine a kernel. All
// else (sizes, strides, offsets, scale, captured values) is given to a run.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SPEC_ATTENTIONSPEC_H
#define ATTNJIT_SPEC_ATTENTIONSPEC_H

#include "attnjit/Support/DType.h"
#include "attnjit/Support/Error.h"

#include <cstdint>
#include <string>

namespace attnjit {

/// Head sizes that a kernel can be compiled for.
inline constexpr int64_t kMaxHeadDim = 512;

/// What a kernel is specialised on, besides the mod and the target.
struct AttentionSpec {
  int64_t D = 0;            ///< head size of q and k, 1 to kMaxHeadDim
  int64_t Dv = 0;           ///< head size of v and out, 1 to kMaxHeadDim
  DType dtype = DType::F32; ///< of q, k, v and out
  bool maskTensor = false;  ///< runs pass a mask tensor besides the mod's mask
  bool dropout = false;     ///< runs may pass a dropout rate

  /// Spec for q, k, v of head size `headDim`.
  static AttentionSpec of(int64_t headDim, DType dtype = DType::F32) {
    return {headDim, headDim, dtype, false, false};
  }

  /// An Error that names the field out of its range.
  Expected<void> check() const;

  /// One line that distinguishes any two different specs; part of cache keys.
  std::string keyText() const;

  bool operator==(const AttentionSpec &) const = default;
};

} // namespace attnjit

#endif // ATTNJIT_SPEC_ATTENTIONSPEC_H
