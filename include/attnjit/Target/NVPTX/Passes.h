//===- Passes.h - Passes of the GPU target ----------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The step from `attn.forward` to loops and nvvm operations, as a function for
// the compiler and as a pass for attn-opt.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_NVPTX_PASSES_H
#define ATTNJIT_TARGET_NVPTX_PASSES_H

#include "attnjit/ABI/Entry.h"
#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Spec/TargetSpec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/Pass.h"

namespace attnjit::nvptx {

#define GEN_PASS_DECL
#include "attnjit/Target/NVPTX/Passes.h.inc"

/// Replaces every `attn.forward` of the module by its kernel for that entry
/// point, with the schedule of its spec on `target`; adds the kernel of
/// ABI/SummarizeArgs.h where one reads summaries. Fails with a diagnostic on
/// what the entry point cannot do. Test: lower-forward.mlir.
mlir::LogicalResult lowerForwards(mlir::ModuleOp module, Entry entry,
                                  const TargetSpec &target);

/// Bytes of the one parameter of a kernel: AttnJitKernelArgs, an AttnJitBuffer
/// for each captured buffer, 8 bytes for each param, an AttnJitRangeSummary for
/// each range and for the mask tensor.
int64_t parameterBytes(attn::ForwardOp forward);

/// The dialects that lowered kernels are made of.
void registerDependentDialects(mlir::DialectRegistry &registry);

#define GEN_PASS_REGISTRATION
#include "attnjit/Target/NVPTX/Passes.h.inc"

} // namespace attnjit::nvptx

#endif // ATTNJIT_TARGET_NVPTX_PASSES_H
