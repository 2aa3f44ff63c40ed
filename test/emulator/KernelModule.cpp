//===- KernelModule.cpp - Parsing, compiling and linking ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelModule.h"

#include "MatrixMath.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <mutex>

#include <immintrin.h>

namespace attnjit::emulator {

//===--- what compiled code calls -----------------------------------------===//

static void callHandler(const Site *site, const std::byte *args,
                        std::byte *result) {
  Machine::active()->call(*site, {args, result});
}

static void checkAccess(const Site *site, const void *address, uint64_t bytes) {
  Machine::active()->access(*site, address, bytes);
}

static std::byte *sharedBase() { return Machine::active()->sharedBase(); }

// Conversions that LLVM leaves to a library for processors without the
// instruction. A bfloat is returned in the low bits of a vector register.
static __m128 truncateToBfloat(float value) {
  return _mm_castsi128_ps(_mm_cvtsi32_si128(floatToBfloat(value)));
}

//===--- errors -----------------------------------------------------------===//

static tl::unexpected<Error> toError(llvm::Error error, const char *what) {
  return fail(
      ErrorKind::Internal,
      fmt::format("cannot {}: {}", what, llvm::toString(std::move(error))));
}

static Expected<std::unique_ptr<llvm::Module>>
parse(std::string_view text, llvm::LLVMContext &context) {
  llvm::SMDiagnostic diagnostic;
  auto module =
      llvm::parseIR(llvm::MemoryBufferRef(
                        llvm::StringRef(text.data(), text.size()), "kernel"),
                    diagnostic, context);
  if (module)
    return module;
  return fail(ErrorKind::InvalidArgument,
              fmt::format("not LLVM IR: line {}: {}", diagnostic.getLineNo(),
                          diagnostic.getMessage().str()));
}

//===--- compiling --------------------------------------------------------===//

/// For the processor at hand. Without optimisation: kernels are large and each
/// runs for a fraction of a second.
static Expected<std::unique_ptr<llvm::TargetMachine>> makeTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
  if (!hasMatrixMath())
    return fail(ErrorKind::Environment,
                "the emulator needs a processor with AVX2, FMA and F16C");
  const llvm::Triple triple(llvm::sys::getProcessTriple());
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return fail(ErrorKind::Environment, std::move(message));
  auto level = llvm::CodeGenOptLevel::None;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, "x86-64-v3", "", llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, level, /*JIT=*/true));
  if (!machine)
    return fail(ErrorKind::Environment, "LLVM makes no code for this machine");
  return machine;
}

static Expected<std::unique_ptr<llvm::MemoryBuffer>>
emitObject(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  llvm::CodeGenFileType::ObjectFile))
    return fail(ErrorKind::Internal, "LLVM emits no object for this machine");
  passes.run(module);
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(object));
}

//===--- linking ----------------------------------------------------------===//

namespace {
struct Session {
  explicit Session(std::unique_ptr<llvm::orc::ExecutorProcessControl> control)
      : session(std::move(control)), layer(session),
        library(session.createBareJITDylib("kernel")) {
    session.setErrorReporter(
        [](llvm::Error error) { llvm::consumeError(std::move(error)); });
  }
  ~Session() { llvm::consumeError(session.endSession()); }

  llvm::Error addSymbols();
  llvm::Expected<llvm::orc::ExecutorSymbolDef> find(llvm::StringRef name) {
    return session.lookup({&library}, session.intern(name));
  }

  llvm::orc::ExecutionSession session;
  llvm::orc::ObjectLinkingLayer layer;
  llvm::orc::JITDylib &library;
};
} // namespace

llvm::Error Session::addSymbols() {
  llvm::orc::SymbolMap symbols;
  auto add = [&](const char *name, auto *function) {
    symbols[session.intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                                     llvm::JITSymbolFlags::Exported |
                                         llvm::JITSymbolFlags::Callable};
  };
  add(kCallSymbol, &callHandler);
  add(kAccessSymbol, &checkAccess);
  add(kSharedSymbol, &sharedBase);
  add("__truncsfbf2", &truncateToBfloat);
  add("fmodf", static_cast<float (*)(float, float)>(&std::fmod));
  add("memcpy", &std::memcpy);
  add("memmove", &std::memmove);
  add("memset", &std::memset);
  return library.define(llvm::orc::absoluteSymbols(std::move(symbols)));
}

Expected<KernelModule> KernelModule::compile(std::string_view llvmIr,
                                             std::string_view kernelName) {
  auto machine = makeTarget();
  if (!machine)
    return fail(std::move(machine.error()));
  llvm::LLVMContext context;
  auto module = parse(llvmIr, context);
  if (!module)
    return fail(std::move(module.error()));

  KernelModule made;
  made.source = llvmIr;
  auto kernel =
      rewriteKernel(**module, kernelName, (*machine)->getTargetTriple(),
                    (*machine)->createDataLayout());
  if (!kernel)
    return fail(std::move(kernel.error()));
  made.kernel = std::move(*kernel);
  std::string complaint;
  llvm::raw_string_ostream stream(complaint);
  if (llvm::verifyModule(**module, &stream))
    return fail(
        ErrorKind::Internal,
        fmt::format("the rewritten kernel is not valid: {}", complaint));
  auto object = emitObject(**module, **machine);
  if (!object)
    return fail(std::move(object.error()));

  auto control = llvm::orc::SelfExecutorProcessControl::Create();
  if (!control)
    return toError(control.takeError(), "start the linker");
  auto session = std::make_shared<Session>(std::move(*control));
  if (llvm::Error error = session->addSymbols())
    return toError(std::move(error), "add the emulator's symbols");
  if (llvm::Error error =
          session->layer.add(session->library, std::move(*object)))
    return toError(std::move(error), "link the kernel");
  auto entry = session->find(kEntrySymbol);
  if (!entry)
    return toError(entry.takeError(), "link the kernel");
  KernelCode &code = made.kernelCode;
  code.entry = entry->getAddress().toPtr<void(const std::byte *)>();
  code.paramBytes = made.kernel.paramBytes;
  code.staticSharedBytes = made.kernel.staticSharedBytes;
  code.flushesSubnormals = made.kernel.flushesSubnormals;
  for (const RewrittenKernel::Variable &variable : made.kernel.variables) {
    auto found = session->find(variable.symbol);
    if (!found)
      return toError(found.takeError(), "find a variable of the kernel");
    code.globals.push_back({found->getAddress().toPtr<const void *>(),
                            variable.bytes, !variable.isConstant,
                            variable.name});
  }
  made.session = std::move(session);
  return made;
}

std::string KernelModule::describe(const Site &site) const {
  // Parsed anew: values without a name have their numbers only in the text.
  llvm::LLVMContext context;
  auto module = parse(source, context);
  if (!module)
    return "?";
  llvm::Function *function = (*module)->getFunction(site.function);
  if (!function)
    return "?";
  uint32_t ordinal = 0;
  for (llvm::Instruction &instruction : llvm::instructions(*function))
    if (ordinal++ == site.ordinal) {
      std::string text;
      llvm::raw_string_ostream stream(text);
      instruction.print(stream);
      return llvm::StringRef(text).trim().str();
    }
  return "?";
}

} // namespace attnjit::emulator
