//===- JitKernel.cpp - Runs emitted code over arrays ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JitKernel.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace attnjit::test {

static constexpr int kLanesOfV4 = 16;

std::vector<int> vectorLanes() {
  const llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<llvm::StringRef> names) {
    return llvm::all_of(
        names, [&](llvm::StringRef name) { return features.lookup(name); });
  };
  std::vector<int> lanes;
  if (!has({"avx2", "fma", "f16c", "bmi2"}))
    return lanes;
  lanes.push_back(8);
  if (has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}))
    lanes.push_back(kLanesOfV4);
  return lanes;
}

std::vector<int> allLanes() {
  std::vector<int> lanes = vectorLanes();
  lanes.insert(lanes.begin(), 1);
  return lanes;
}

bool canRunJitKernels() { return !vectorLanes().empty(); }

static Type typeOf(OpBuilder &b, Element element) {
  switch (element) {
  case Element::F32:
    return b.getF32Type();
  case Element::I32:
    return b.getI32Type();
  case Element::I64:
    return b.getI64Type();
  }
  llvm_unreachable("all elements handled");
}

/// func @kernel(x, y, out, n): for i in 0..n step lanes.
static OwningOpRef<ModuleOp> build(MLIRContext &context, int lanes, Element in,
                                   Element out, const JitKernel::Emit &emit) {
  OpBuilder b(&context);
  Location loc = b.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  Type pointer = LLVM::LLVMPointerType::get(&context);
  Type i64 = b.getI64Type();
  auto function = func::FuncOp::create(
      b, loc, "kernel",
      b.getFunctionType({pointer, pointer, pointer, i64}, {}));
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToEnd(entry);

  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  };
  auto withLanes = [&](Type type) -> Type {
    return lanes == 1 ? type : VectorType::get({lanes}, type);
  };
  auto loop = scf::ForOp::create(b, loc, constant(0), entry->getArgument(3),
                                 constant(lanes));
  b.setInsertionPointToStart(loop.getBody());
  auto address = [&](int argument, Type type) -> Value {
    return LLVM::GEPOp::create(b, loc, pointer, type,
                               entry->getArgument(argument),
                               ArrayRef<LLVM::GEPArg>{loop.getInductionVar()});
  };
  Type inType = typeOf(b, in), outType = typeOf(b, out);
  auto load = [&](int argument) -> Value {
    return LLVM::LoadOp::create(b, loc, withLanes(inType),
                                address(argument, inType), /*alignment=*/4);
  };
  Value x = load(0), y = load(1);
  Value result = emit(b, loc, x, y);
  LLVM::StoreOp::create(b, loc, result, address(2, outType), /*alignment=*/4);
  b.setInsertionPointToEnd(entry);
  func::ReturnOp::create(b, loc);
  return module;
}

static LogicalResult lower(ModuleOp module) {
  PassManager passes(module.getContext());
  passes.addPass(createCSEPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createUBToLLVMConversionPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  return passes.run(module);
}

JitKernel::JitKernel(int lanes, Element in, Element out, const Emit &emit) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect,
                  scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();

  OwningOpRef<ModuleOp> module = build(context, lanes, in, out, emit);
  if (failed(verify(*module)) || failed(lower(*module)))
    llvm::report_fatal_error("emitted code does not lower");
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(*module, *llvmContext);
  if (!llvmModule)
    llvm::report_fatal_error("emitted code does not translate");

  llvm::orc::JITTargetMachineBuilder target{
      llvm::Triple(llvm::sys::getProcessTriple())};
  target.setCPU(lanes < kLanesOfV4 ? "x86-64-v3" : "x86-64-v4");
  jit = llvm::cantFail(
      llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(target).create());
  llvm::cantFail(
      jit->addIRModule({std::move(llvmModule), std::move(llvmContext)}));
  entry = llvm::cantFail(jit->lookup("kernel")).toPtr<decltype(entry)>();
}

} // namespace attnjit::test
