//===- Passes.td - Passes of the CPU target --------------------*- tablegen -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_CPU_PASSES_TD
#define ATTNJIT_TARGET_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerForward : Pass<"attn-lower-forward", "::mlir::ModuleOp"> {
  let summary = "Lower `attn.forward` to the loops of a CPU kernel";
  let options = [
    Option<"entry", "entry", "::attnjit::Entry", "::attnjit::Entry::Prefill",
           "entry point of the kernel",
           [{::llvm::cl::values(
              clEnumValN(::attnjit::Entry::Prefill, "prefill", "many rows"),
              clEnumValN(::attnjit::Entry::Decode, "decode", "few rows"))}]>,
    Option<"cpu", "cpu", "::attnjit::CpuLevel", "::attnjit::CpuLevel::V3",
           "processor that the kernel is for",
           [{::llvm::cl::values(
              clEnumValN(::attnjit::CpuLevel::V3, "x86-64-v3", "AVX2"),
              clEnumValN(::attnjit::CpuLevel::V4, "x86-64-v4",
                         "AVX-512"))}]>];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // ATTNJIT_TARGET_CPU_PASSES_TD
