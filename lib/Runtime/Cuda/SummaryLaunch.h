//===- SummaryLaunch.h - How a GPU summarises a buffer ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes what is to be summarised; gives the launches of the summary kernel, one
// after the other on a stream. Private to lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_CUDA_SUMMARYLAUNCH_H
#define ATTNJIT_LIB_RUNTIME_CUDA_SUMMARYLAUNCH_H

#include "../RangeSummaries.h"

#include "attnjit/ABI/SummarizeArgs.h"

namespace attnjit::cuda {

struct SummaryLaunch {
  AttnJitSummarizeArgs args = {};
  int64_t blocks = 0; ///< 0: this launch is not needed
};

/// The levels up to one block a piece of 4096 elements, then those above. In
/// one launch a row of a million ids would be the work of one block of threads.
std::array<SummaryLaunch, 2> planSummary(const SummarySource &source,
                                         int32_t *entries);

} // namespace attnjit::cuda

#endif // ATTNJIT_LIB_RUNTIME_CUDA_SUMMARYLAUNCH_H
