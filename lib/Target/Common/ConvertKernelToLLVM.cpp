//===- ConvertKernelToLLVM.cpp - scf, arith, vector to LLVM ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One dialect conversion with the patterns of all dialects that a kernel is
// made of, instead of a pass for each: a third of the time.
//
// Before:
//   %s = vector.fma %a, %b, %c : vector<8xf32>
// After:
//   %s = llvm.intr.fmuladd(%a, %b, %c)
//
// Test: test/Target/Common/convert-kernel-to-llvm.mlir
//
//===----------------------------------------------------------------------===//

#include "attnjit/Target/Common/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace attnjit::codegen {

#define GEN_PASS_DEF_CONVERTKERNELTOLLVM
#include "attnjit/Target/Common/Passes.h.inc"

LogicalResult convertKernelToLLVM(ModuleOp module) {
  MLIRContext *context = module.getContext();
  LLVMTypeConverter converter(context);
  RewritePatternSet patterns(context);
  populateSCFToControlFlowConversionPatterns(patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  ub::populateUBToLLVMConversionPatterns(converter, patterns);
  populateVectorToLLVMConversionPatterns(converter, patterns);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  target.addLegalDialect("nvvm");
  return applyFullConversion(module, target, std::move(patterns));
}

namespace {
struct ConvertKernelToLLVM
    : impl::ConvertKernelToLLVMBase<ConvertKernelToLLVM> {
  void runOnOperation() override {
    if (failed(convertKernelToLLVM(getOperation())))
      signalPassFailure();
  }
};
} // namespace

} // namespace attnjit::codegen
