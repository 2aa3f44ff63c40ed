//===- CodeGen.cpp - From the LLVM dialect to machine code ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// CPU kernels arrive with their registers already decided, so a short pipeline
// gives the speed of -O3 at a twentieth of its time. GPU kernels take -O3:
// their addresses are folded into instructions, their mods' common parts
// shared.
//
// LLVM ends the process on an operation that it cannot select, so a module is
// searched for those first.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Target/Common/CodeGen.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/IntrinsicInst.h"
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
  mlir::registerNVVMDialectTranslation(registry);
}

static tl::unexpected<Error> internal(const std::string &what) {
  return fail(ErrorKind::Internal,
              fmt::format("code generation failed: {}", what));
}

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

/// The PTX version that a module needs: its target's, or a later one for
/// parameters of more than 4096 bytes.
static int ptxVersionOf(const llvm::Module &module, const TargetSpec &spec) {
  constexpr uint64_t kSmallParameters = 4096;
  constexpr int kLargeParameters = 81;
  uint64_t bytes = 0;
  for (const llvm::Function &function : module)
    for (const llvm::Argument &argument : function.args())
      if (llvm::Type *type = argument.getParamByValType())
        bytes = std::max<uint64_t>(
            bytes, module.getDataLayout().getTypeAllocSize(type));
  int version = spec.gpu().ptxVersion;
  return bytes > kSmallParameters ? std::max(version, kLargeParameters)
                                  : version;
}

static Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(const llvm::Module &module, const TargetSpec &spec) {
  initializeTargets();
  llvm::Triple triple(spec.isGpu() ? "nvptx64-nvidia-cuda"
                                   : "x86_64-unknown-linux-gnu");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return internal(message);
  if (spec.isGpu())
    return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
        triple, spec.name(), fmt::format("+ptx{}", ptxVersionOf(module, spec)),
        llvm::TargetOptions(), llvm::Reloc::PIC_));
  // The small code model: constants are loaded relative to the instruction. A
  // JIT's default is the large one, which takes a register and an instruction
  // more for each; but a kernel refers to nothing outside its object.
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, spec.name(), /*Features=*/"", llvm::TargetOptions(),
      llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default,
      /*JIT=*/true));
}

/// Functions of f32 for which there is no instruction, and no library to call:
/// nothing but our own mistake brings them here. Empty where there is none.
static std::string findUnselectable(const llvm::Module &module) {
  for (const llvm::Function &function : module)
    switch (function.getIntrinsicID()) {
    case llvm::Intrinsic::acos:
    case llvm::Intrinsic::asin:
    case llvm::Intrinsic::atan:
    case llvm::Intrinsic::atan2:
    case llvm::Intrinsic::cos:
    case llvm::Intrinsic::cosh:
    case llvm::Intrinsic::exp:
    case llvm::Intrinsic::exp10:
    case llvm::Intrinsic::exp2:
    case llvm::Intrinsic::frexp:
    case llvm::Intrinsic::ldexp:
    case llvm::Intrinsic::log:
    case llvm::Intrinsic::log10:
    case llvm::Intrinsic::log2:
    case llvm::Intrinsic::modf:
    case llvm::Intrinsic::pow:
    case llvm::Intrinsic::powi:
    case llvm::Intrinsic::sin:
    case llvm::Intrinsic::sincos:
    case llvm::Intrinsic::sinh:
    case llvm::Intrinsic::tan:
    case llvm::Intrinsic::tanh:
      return function.getName().str();
    case llvm::Intrinsic::not_intrinsic:
      // What a kernel calls is in its module.
      if (function.isDeclaration())
        return function.getName().str();
      break;
    default:
      break;
    }
  return "";
}

/// Of a CPU kernel, loads and constants are not yet shared, invariants not yet
/// hoisted; all else is final.
static Expected<void> optimize(llvm::Module &module,
                               llvm::TargetMachine &machine, bool isGpu) {
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
  if (isGpu)
    passes = builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3);
  else if (llvm::Error error = builder.parsePassPipeline(
               passes,
               "function(early-cse<memssa>,loop-mssa(licm<allowspeculation>)"
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
  auto machine = createTargetMachine(*llvmModule, target);
  if (!machine)
    return fail(machine.error());
  llvmModule->setDataLayout((*machine)->createDataLayout());
  llvmModule->setTargetTriple((*machine)->getTargetTriple());
  for (llvm::Function &function : *llvmModule)
    if (!function.isDeclaration()) {
      function.setDoesNotThrow();
      function.addFnAttr("target-cpu", target.name());
      if (target.isGpu())
        continue;
      // Else LLVM splits the vectors of x86-64-v4 in two: its default for
      // processors that lower their clock for whole ones.
      function.addFnAttr("prefer-vector-width",
                         target.is(CpuLevel::V4) ? "512" : "256");
    }

  std::string problem;
  llvm::raw_string_ostream problemStream(problem);
  if (llvm::verifyModule(*llvmModule, &problemStream))
    return internal(problem);
  if (std::string name = findUnselectable(*llvmModule); !name.empty())
    return internal(fmt::format("there is no code for `{}`", name));
  auto optimized = trace.time("optimize", [&] {
    return optimize(*llvmModule, **machine, target.isGpu());
  });
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
