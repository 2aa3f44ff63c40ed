//===- GpuMeasure.h - How long runs take on a GPU -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The GPU's own clock, read by events before and after many launches: neither
// the launches' cost on the CPU nor copies of tensors count.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_GPUMEASURE_H
#define ATTNJIT_TOOLS_SUPPORT_GPUMEASURE_H

#include "support/Measure.h"

#include "attnjit/Runtime/Cuda/Context.h"
#include "attnjit/Runtime/Kernel.h"

namespace attnjit::tool {

/// Copies the tensors of `args`, which lie in host memory, to the GPU, runs the
/// kernel until it is warm, then for the time of `options`. Gives milliseconds
/// of a run, one number for each sample; a sample is as many runs as take about
/// two milliseconds, one after the other. The results are copied back.
Expected<std::vector<double>> measureOnGpu(const cuda::Context::Ptr &context,
                                           const Kernel &kernel,
                                           const RunArgs &args,
                                           const InterleaveOptions &options);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_GPUMEASURE_H
