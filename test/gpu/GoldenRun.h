//===- GoldenRun.h - A golden case on a device ------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_GPU_GOLDENRUN_H
#define ATTNJIT_TEST_GPU_GOLDENRUN_H

#include "GoldenCase.h"

#include "attnjit/Runtime/Cuda/Context.h"

namespace attnjit::golden {

/// What the threads give. Errors are the driver's.
Expected<Words> runOnDevice(const cuda::Context::Ptr &context,
                            const GoldenCase &one);

} // namespace attnjit::golden

#endif // ATTNJIT_TEST_GPU_GOLDENRUN_H
