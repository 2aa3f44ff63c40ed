//===- Passes.h - Passes that targets share ---------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The last step to the LLVM dialect, as a function for the compiler and as a
// pass for attn-opt.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_COMMON_PASSES_H
#define ATTNJIT_TARGET_COMMON_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace attnjit::codegen {

#define GEN_PASS_DECL
#include "attnjit/Target/Common/Passes.h.inc"

/// Converts scf, arith and vector operations to the LLVM dialect in one
/// conversion; those of the llvm and nvvm dialects stay. Test:
/// convert-kernel-to-llvm.mlir.
mlir::LogicalResult convertKernelToLLVM(mlir::ModuleOp module);

#define GEN_PASS_REGISTRATION
#include "attnjit/Target/Common/Passes.h.inc"

} // namespace attnjit::codegen

#endif // ATTNJIT_TARGET_COMMON_PASSES_H
