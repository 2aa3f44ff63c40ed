//===- GoldenGenerator.cpp - From kernels to golden cases -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenGenerator.h"

#include "attnjit/Spec/TargetSpec.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <fmt/format.h>

namespace attnjit::golden {

using emulator::Emulator;

static emulator::Dim3 dimension(const std::array<uint32_t, 3> &size) {
  return {size[0], size[1], size[2]};
}

static Expected<Words> runOnce(Emulator &machine, const GoldenKernel &kernel,
                               size_t threads, emulator::Options options) {
  Words out(threads * kernel.outputs, kUnwritten);
  struct {
    const void *in;
    void *out;
  } params = {kernel.in.data(), out.data()};
  emulator::Launch launch;
  launch.params = std::as_bytes(std::span(&params, 1));
  launch.grid = dimension(kernel.grid);
  launch.block = dimension(kernel.block);
  launch.dynamicSharedBytes = kernel.sharedBytes;
  options.memory = {
      {kernel.in.data(), kernel.in.size() * sizeof(uint32_t), false, "in"},
      {out.data(), out.size() * sizeof(uint32_t), true, "out"}};
  if (auto done = machine.run(launch, options); !done)
    return fail(done.error());
  return out;
}

Expected<std::vector<Words>> emulate(const GoldenKernel &kernel,
                                     std::span<const emulator::Options> runs) {
  auto machine = Emulator::load(textOf(kernel), kGoldenSymbol);
  if (!machine)
    return fail(machine.error());
  const uint32_t *grid = kernel.grid.data(), *block = kernel.block.data();
  const size_t threads =
      size_t(grid[0]) * grid[1] * grid[2] * block[0] * block[1] * block[2];
  if (kernel.in.size() != threads * kernel.inputs)
    return fail(ErrorKind::Internal,
                fmt::format("{} words of input for {} threads of {}",
                            kernel.in.size(), threads, kernel.inputs));
  std::vector<Words> results;
  for (const emulator::Options &options : runs) {
    auto out = runOnce(*machine, kernel, threads, options);
    if (!out)
      return fail(out.error());
    results.push_back(std::move(*out));
  }
  return results;
}

//===----------------------------------------------------------------------===//
// LLVM
//===----------------------------------------------------------------------===//

static Expected<std::unique_ptr<llvm::Module>>
parse(const std::string &ir, llvm::LLVMContext &context) {
  llvm::SMDiagnostic problem;
  auto module = llvm::parseAssemblyString(ir, problem, context);
  if (!module)
    return fail(ErrorKind::Internal,
                fmt::format("line {}: {}", problem.getLineNo(),
                            problem.getMessage().str()));
  return module;
}

Expected<std::string> ptxOf(const std::string &ir, int sm) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  llvm::LLVMContext context;
  auto module = parse(ir, context);
  if (!module)
    return fail(module.error());
  const auto spec = TargetSpec::parse(fmt::format("sm_{}", sm));
  if (!spec)
    return fail(spec.error());
  const llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return fail(ErrorKind::Internal, message);
  // elect.sync is younger than the PTX that sm_90 began with.
  const int version = std::max(spec->gpu().ptxVersion, sm >= 90 ? 80 : 0);
  const std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, std::string(spec->name()),
                                  fmt::format("+ptx{}", version),
                                  llvm::TargetOptions(), llvm::Reloc::PIC_));
  (*module)->setDataLayout(machine->createDataLayout());
  llvm::raw_string_ostream stream(message);
  if (llvm::verifyModule(**module, &stream))
    return fail(ErrorKind::Internal, message);
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream out(text);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, out, nullptr,
                                   llvm::CodeGenFileType::AssemblyFile))
    return fail(ErrorKind::Internal, "the back end emits no PTX");
  passes.run(**module);
  return std::string(text);
}

Expected<std::vector<Met>> instructionsIn(const std::string &ir) {
  llvm::LLVMContext context;
  auto module = parse(ir, context);
  if (!module)
    return fail(module.error());
  std::vector<Met> all;
  for (const llvm::Function &function : **module)
    for (const llvm::Instruction &instruction : llvm::instructions(function)) {
      const auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction);
      if (!call)
        continue;
      if (const auto *text =
              llvm::dyn_cast<llvm::InlineAsm>(call->getCalledOperand())) {
        emulator::MatchedAsm match;
        int outputs = 0;
        for (const auto &constraint : text->ParseConstraints())
          outputs += constraint.Type == llvm::InlineAsm::isOutput;
        if (emulator::matchInlineAsm(text->getAsmString(), outputs, match))
          all.push_back({match.instruction, match.form, true});
      } else if (const llvm::Function *callee = call->getCalledFunction()) {
        if (const auto *found = emulator::findIntrinsic(callee->getName()))
          all.push_back({found});
      }
    }
  return all;
}

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

static Expected<GoldenCase> makeCase(const GoldenKernel &kernel) {
  GoldenCase made = inputsOf(kernel);
  auto ptx = ptxOf(textOf(kernel), kernel.sm);
  if (!ptx)
    return fail(ptx.error());
  made.ptx = std::move(*ptx);
  auto results = emulate(kernel, std::vector<emulator::Options>(1));
  if (!results)
    return fail(results.error());
  made.expected = std::move(results->front());
  return made;
}

Expected<GoldenFile> makeGoldenFile(uint64_t seed) {
  GoldenFile file = {.seed = seed, .cases = {}};
  for (const GoldenKernel &kernel : goldenKernels(seed)) {
    auto made = makeCase(kernel);
    if (!made)
      return fail(std::move(made.error())
                      .in(fmt::format("golden case `{}`", nameOf(kernel))));
    file.cases.push_back(std::move(*made));
  }
  return file;
}

} // namespace attnjit::golden
