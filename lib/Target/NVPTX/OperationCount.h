//===- OperationCount.h - How long emitted code is --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes code that emits operations; gives about how many of them will be left
// as instructions.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_NVPTX_OPERATIONCOUNT_H
#define ATTNJIT_LIB_TARGET_NVPTX_OPERATIONCOUNT_H

#include "GpuIr.h"

namespace attnjit::nvptx {

/// Of operations that compute the same, one counts; those of a loop count for
/// its turns, as far as it will be unrolled. What `emit` emits is dropped.
int64_t countOperations(GpuIr &ir, llvm::function_ref<void()> emit);

} // namespace attnjit::nvptx

#endif // ATTNJIT_LIB_TARGET_NVPTX_OPERATIONCOUNT_H
