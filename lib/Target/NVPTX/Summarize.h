//===- Summarize.h - The kernel that summarises buffers ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_NVPTX_SUMMARIZE_H
#define ATTNJIT_LIB_TARGET_NVPTX_SUMMARIZE_H

#include "GpuIr.h"

namespace attnjit::nvptx {

/// Emits the kernel of ABI/SummarizeArgs.h at the insertion point. It is the
/// same for every mod.
void emitSummarize(mlir::OpBuilder &builder);

} // namespace attnjit::nvptx

#endif // ATTNJIT_LIB_TARGET_NVPTX_SUMMARIZE_H
