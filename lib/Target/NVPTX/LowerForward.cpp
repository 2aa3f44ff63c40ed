//===- LowerForward.cpp - attn.forward to the loops of a GPU kernel -------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Before:
//   attn.forward @causal attributes {D = 64, ...} mask {...}
// After:
//   llvm.func @causal(%args: !llvm.ptr {llvm.byval = ...})
//       attributes {nvvm.kernel, nvvm.maxntid = ...} {
//     ...
//     scf.while ... { nvvm.cp.async... nvvm.ldmatrix ... nvvm.mma.sync ... }
//   }
//
// Test: test/Target/NVPTX/lower-forward.mlir
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"
#include "Summarize.h"
#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Target/Common/LowerForwards.h"
#include "attnjit/Target/NVPTX/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/UB/IR/UBOps.h"

using namespace mlir;

namespace attnjit::nvptx {

#define GEN_PASS_DEF_LOWERFORWARD
#include "attnjit/Target/NVPTX/Passes.h.inc"

void registerDependentDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect,
                  LLVM::LLVMDialect, NVVM::NVVMDialect, scf::SCFDialect,
                  ub::UBDialect, vector::VectorDialect>();
}

int64_t parameterBytes(attn::ForwardOp forward) {
  return sizeof(AttnJitKernelArgs) +
         forward.getBuffers().size() * sizeof(AttnJitBuffer) +
         forward.getParams().size() * sizeof(uint64_t) +
         codegen::summaryRows(forward) * sizeof(AttnJitRangeSummary);
}

LogicalResult lowerForwards(ModuleOp module, Entry entry,
                            const TargetSpec &target) {
  if (llvm::any_of(module.getOps<attn::ForwardOp>(), codegen::summaryRows)) {
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    emitSummarize(builder);
  }
  auto lower = [&](attn::ForwardOp forward,
                   const AttentionSpec &spec) -> LogicalResult {
    Expected<GpuSchedule> schedule = GpuSchedule::choose(spec, target, entry);
    if (!schedule)
      return forward.emitError(schedule.error().message());
    OpBuilder builder(forward);
    ForwardEmitter(builder, forward, entry, spec, *schedule).emit();
    return success();
  };
  return codegen::lowerForwards(module, entry, lower);
}

namespace {
struct LowerForward : impl::LowerForwardBase<LowerForward> {
  using LowerForwardBase::LowerForwardBase;

  void runOnOperation() override {
    if (failed(lowerForwards(getOperation(), entry, {gpu})))
      signalPassFailure();
  }
};
} // namespace

} // namespace attnjit::nvptx
