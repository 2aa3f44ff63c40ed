//===- ParameterBlock.h - The one parameter of a GPU kernel -----*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A GPU kernel has a single parameter, which it receives by value in constant
// memory: the ABI struct, then the captured buffers, then the slots of params,
// then the table of summaries. docs/kernel-abi.md has the layout. Private to
// lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_CUDA_PARAMETERBLOCK_H
#define ATTNJIT_LIB_RUNTIME_CUDA_PARAMETERBLOCK_H

#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Support/Capture.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

namespace attnjit::cuda {

/// The parameter, assembled. Lies on the stack of a run.
class ParameterBlock {
public:
  /// There are at most kMaxCaptures buffers and params together.
  ParameterBlock(AttnJitKernelArgs args, std::span<const AttnJitBuffer> buffers,
                 std::span<const uint64_t> params,
                 std::span<const AttnJitRangeSummary> summaries) {
    // Their places follow from the struct's; host addresses mean nothing.
    args.buffers = nullptr;
    args.params = nullptr;
    args.summaries = nullptr;
    append(&args, sizeof(args));
    append(buffers.data(), buffers.size_bytes());
    append(params.data(), params.size_bytes());
    append(summaries.data(), summaries.size_bytes());
  }

  static size_t bytesFor(size_t buffers, size_t params, size_t summaries) {
    return sizeof(AttnJitKernelArgs) + buffers * sizeof(AttnJitBuffer) +
           params * sizeof(uint64_t) + summaries * sizeof(AttnJitRangeSummary);
  }

  std::span<const std::byte> bytes() const { return {block.data(), size}; }
  /// For cuLaunchKernel, which copies it.
  void *data() { return block.data(); }

private:
  void append(const void *from, size_t count) {
    if (count)
      std::memcpy(block.data() + size, from, count);
    size += count;
  }

  // A summary for each axis of each buffer, and of the mask tensor.
  static constexpr size_t kCapacity =
      sizeof(AttnJitKernelArgs) + kMaxCaptures * sizeof(AttnJitBuffer) +
      (kMaxCaptures * kMaxBufferRank + 1) * sizeof(AttnJitRangeSummary);
  // No member needs padding before it.
  static_assert(alignof(AttnJitKernelArgs) == 8 &&
                sizeof(AttnJitKernelArgs) % 8 == 0 &&
                sizeof(AttnJitBuffer) % 8 == 0 &&
                alignof(AttnJitRangeSummary) == 8);

  alignas(16) std::array<std::byte, kCapacity> block;
  size_t size = 0;
};

} // namespace attnjit::cuda

#endif // ATTNJIT_LIB_RUNTIME_CUDA_PARAMETERBLOCK_H
