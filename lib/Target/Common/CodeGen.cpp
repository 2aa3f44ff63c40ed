//===- CodeGen.cpp - From the LLVM dialect to machine code ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels arrive with their registers already decided, so a short pipeline
// gives the speed of -O3 at a twentieth of its time.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Target/Common/CodeGen.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <fmt/format.h>

#include <mutex>

namespace attnjit {

void registerCodeGenTranslations(mlir::DialectRegistry &registry) {
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
}

static tl::unexpected<Error> internal(const std::string &what) {
  return fail(ErrorKind::Internal,
              fmt::format("code generation failed: {}", what));
}

static Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const TargetSpec &spec) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return internal(message);
  // The small code model: constants are loaded relative to the instruction. A
  // JIT's default is the large one, which takes a register and an instruction
  // more for each; but a kernel refers to nothing outside its object.
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, spec.name(), /*Features=*/"", llvm::TargetOptions(),
      llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default,
      /*JIT=*/true));
}

/// Loads and constants are not yet shared, invariants not yet hoisted; all
/// else is final.
static Expected<void> optimize(llvm::Module &module,
                               llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  llvm::ModulePassManager passes;
  if (llvm::Error error = builder.parsePassPipeline(
          passes, "function(early-cse<memssa>,loop-mssa(licm<allowspeculation>)"
                  ",early-cse,simplifycfg,adce)"))
    return internal(llvm::toString(std::move(error)));
  passes.run(module, modules);
  return {};
}

static Expected<std::string> emitFile(llvm::Module &module,
                                      llvm::TargetMachine &machine,
                                      llvm::CodeGenFileType type) {
  llvm::SmallString<0> buffer;
  llvm::raw_svector_ostream stream(buffer);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type,
                                  /*DisableVerify=*/true))
    return internal("the target cannot emit this kind of file");
  passes.run(module);
  return std::string(buffer);
}

Expected<std::string> generateCode(mlir::ModuleOp module,
                                   const TargetSpec &target, CodeForm form,
                                   Trace &trace) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule = trace.time("translate", [&] {
    return mlir::translateModuleToLLVMIR(module, context);
  });
  if (!llvmModule)
    return internal("translation to LLVM IR was refused");
  auto machine = createTargetMachine(target);
  if (!machine)
    return fail(machine.error());
  llvmModule->setDataLayout((*machine)->createDataLayout());
  llvmModule->setTargetTriple((*machine)->getTargetTriple());
  for (llvm::Function &function : *llvmModule)
    if (!function.isDeclaration()) {
      function.addFnAttr("target-cpu", target.name());
      // Else LLVM splits the vectors of x86-64-v4 in two: its default for
      // processors that lower their clock for whole ones.
      function.addFnAttr("prefer-vector-width",
                         target.is(CpuLevel::V4) ? "512" : "256");
      function.setDoesNotThrow();
    }

  std::string problem;
  llvm::raw_string_ostream problemStream(problem);
  if (llvm::verifyModule(*llvmModule, &problemStream))
    return internal(problem);
  auto optimized =
      trace.time("optimize", [&] { return optimize(*llvmModule, **machine); });
  if (!optimized)
    return fail(optimized.error());

  if (form == CodeForm::LlvmIr) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvmModule->print(stream, nullptr);
    return text;
  }
  return trace.time("codegen", [&] {
    return emitFile(*llvmModule, **machine,
                    form == CodeForm::Assembly
                        ? llvm::CodeGenFileType::AssemblyFile
                        : llvm::CodeGenFileType::ObjectFile);
  });
}

} // namespace attnjit
