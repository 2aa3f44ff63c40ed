//===- LowerForward.cpp - attn.forward to the loops of a kernel -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Before:
//   attn.forward @causal attributes {D = 64, ...} mask {...}
// After:
//   llvm.func @causal(%args: !llvm.ptr) {
//     ...
//     scf.for %item = %begin to %end step %c1 : i64 { ... vector.fma ... }
//   }
//   llvm.func internal @causal_rescale(...)
//
// Tests: test/Target/CPU/lower-forward.mlir, lower-decode.mlir
//
//===----------------------------------------------------------------------===//

#include "attnjit/Target/CPU/Decode.h"
#include "attnjit/Target/CPU/Passes.h"
#include "attnjit/Target/CPU/Prefill.h"
#include "attnjit/Target/Common/LowerForwards.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace attnjit::cpu {

#define GEN_PASS_DEF_LOWERFORWARD
#include "attnjit/Target/CPU/Passes.h.inc"

void registerDependentDialects(DialectRegistry &registry) {
  registry
      .insert<arith::ArithDialect, cf::ControlFlowDialect, LLVM::LLVMDialect,
              scf::SCFDialect, ub::UBDialect, vector::VectorDialect>();
}

LogicalResult lowerForwards(ModuleOp module, Entry entry,
                            const TargetSpec &target) {
  auto lower = entry == Entry::Prefill ? lowerToPrefill : lowerToDecode;
  return codegen::lowerForwards(
      module, entry, [&](attn::ForwardOp forward, const AttentionSpec &spec) {
        lower(forward, spec, target);
        return success();
      });
}

namespace {
struct LowerForward : impl::LowerForwardBase<LowerForward> {
  using LowerForwardBase::LowerForwardBase;

  void runOnOperation() override {
    if (failed(lowerForwards(getOperation(), entry, {cpu})))
      signalPassFailure();
  }
};
} // namespace

} // namespace attnjit::cpu
