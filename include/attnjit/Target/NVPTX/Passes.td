//===- Passes.td - Passes of the GPU target --------------------*- tablegen -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_NVPTX_PASSES_TD
#define ATTNJIT_TARGET_NVPTX_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerForward : Pass<"attn-lower-forward-nvptx", "::mlir::ModuleOp"> {
  let summary = "Lower `attn.forward` to the loops of a GPU kernel";
  let options = [
    Option<"entry", "entry", "::attnjit::Entry", "::attnjit::Entry::Prefill",
           "entry point of the kernel",
           [{::llvm::cl::values(
              clEnumValN(::attnjit::Entry::Prefill, "prefill", "many rows"),
              clEnumValN(::attnjit::Entry::Decode, "decode", "few rows"))}]>,
    Option<"gpu", "gpu", "::attnjit::GpuArch", "::attnjit::GpuArch::Sm80",
           "GPU that the kernel is for",
           [{::llvm::cl::values(
              clEnumValN(::attnjit::GpuArch::Sm80, "sm_80", "A100"),
              clEnumValN(::attnjit::GpuArch::Sm86, "sm_86", "RTX 30"),
              clEnumValN(::attnjit::GpuArch::Sm89, "sm_89", "L40, RTX 40"),
              clEnumValN(::attnjit::GpuArch::Sm90, "sm_90", "H100"),
              clEnumValN(::attnjit::GpuArch::Sm100, "sm_100", "B200"),
              clEnumValN(::attnjit::GpuArch::Sm120, "sm_120", "RTX 50"))}]>];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

#endif // ATTNJIT_TARGET_NVPTX_PASSES_TD
