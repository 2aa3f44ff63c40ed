//===- Passes.td - Passes that targets share -------------------*- tablegen -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_COMMON_PASSES_TD
#define ATTNJIT_TARGET_COMMON_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertKernelToLLVM
    : Pass<"attn-convert-kernel-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert a kernel's scf, arith and vector ops to LLVM";
  let dependentDialects = [
    "::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // ATTNJIT_TARGET_COMMON_PASSES_TD
