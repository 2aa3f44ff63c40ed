//===- Compiler.cpp - From a canonical mod to an object file --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// expr -> attn -> mlir -> llvm -> obj. Each compilation has an MLIR context of
// its own, so compilations on different threads share nothing.
//
//===----------------------------------------------------------------------===//

#include "Compiler.h"

#include "attnjit/Analysis/SplitMask.h"
#include "attnjit/Analysis/TileBounds.h"
#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Frontend/BuildForward.h"
#include "attnjit/Target/CPU/Passes.h"
#include "attnjit/Target/Common/CodeGen.h"
#include "attnjit/Target/Common/Passes.h"
#include "attnjit/Target/NVPTX/Passes.h"
#include "attnjit/Text/Printer.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <fstream>

namespace attnjit {

namespace {
/// Keeps what MLIR reports, instead of printing it.
class CollectedDiagnostics {
public:
  explicit CollectedDiagnostics(mlir::MLIRContext &context)
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error &&
              text.empty())
            text = diagnostic.str();
          return mlir::success();
        }) {}

  std::string text;

private:
  mlir::ScopedDiagnosticHandler handler;
};

/// One run through the stages.
class Pipeline {
public:
  Pipeline(const std::filesystem::path &dumpStem, Trace &trace)
      : dumpStem(dumpStem), trace(trace) {}

  Expected<std::string> run(const CanonicalMod &mod, const AttentionSpec &spec,
                            const TargetSpec &target, Entry entry, Stage stage);

private:
  Expected<void> dump(const char *extension, const std::string &content);

  const std::filesystem::path &dumpStem;
  Trace &trace;
};
} // namespace

std::string symbolOf(Entry entry) {
  return fmt::format("attnjit_{}", nameOf(entry));
}

bool hasCostFunction(const CanonicalMod &mod, Entry entry) {
  return entry == Entry::Prefill &&
         inferMask(mod.program, FiniteScores::Tested).mask();
}

static std::string printModule(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

Expected<void> Pipeline::dump(const char *extension,
                              const std::string &content) {
  if (dumpStem.empty())
    return {};
  std::error_code error;
  std::filesystem::create_directories(dumpStem.parent_path(), error);
  std::filesystem::path file = dumpStem;
  file += extension;
  std::ofstream stream(file, std::ios::binary);
  stream << content;
  stream.close();
  if (!stream)
    return fail(ErrorKind::Environment,
                fmt::format("cannot write `{}`", file.string()));
  return {};
}

Expected<std::string> Pipeline::run(const CanonicalMod &mod,
                                    const AttentionSpec &spec,
                                    const TargetSpec &target, Entry entry,
                                    Stage stage) {
  const bool dumping = !dumpStem.empty();
  auto reached = [&](Stage at, const char *extension,
                     auto &&text) -> Expected<std::string> {
    if (stage != at && !dumping)
      return std::string();
    std::string content = text();
    if (auto written = dump(extension, content); !written)
      return fail(written.error());
    return content;
  };

  // A GPU's runs do not look at q and k first.
  ModProgram program =
      inferMask(mod.program,
                target.isGpu() ? FiniteScores::Unknown : FiniteScores::Tested);
  auto expr = reached(Stage::Expr, ".mod", [&] { return print(program); });
  if (!expr || stage == Stage::Expr)
    return expr;

  TileBounds bounds =
      trace.time("analyze", [&] { return computeTileBounds(program.mask()); });
  auto context = trace.time("context", [] {
    mlir::DialectRegistry registry;
    registry.insert<attn::AttnDialect>();
    cpu::registerDependentDialects(registry);
    nvptx::registerDependentDialects(registry);
    registerCodeGenTranslations(registry);
    auto created = std::make_unique<mlir::MLIRContext>(
        registry, mlir::MLIRContext::Threading::DISABLED);
    created->loadAllAvailableDialects();
    return created;
  });
  CollectedDiagnostics diagnostics(*context);
  auto module = trace.time("frontend", [&] {
    return buildForward(*context, program, bounds, spec, symbolOf(entry));
  });
  if (mlir::failed(mlir::verify(*module)))
    return fail(
        ErrorKind::Internal,
        fmt::format("the attn dialect refuses a mod: {}", diagnostics.text));
  auto attn =
      reached(Stage::Attn, ".attn.mlir", [&] { return printModule(*module); });
  if (!attn || stage == Stage::Attn)
    return attn;

  if (mlir::failed(trace.time("lower", [&] {
        return target.isGpu() ? nvptx::lowerForwards(*module, entry, target)
                              : cpu::lowerForwards(*module, entry, target);
      })))
    return fail(ErrorKind::Unsupported, diagnostics.text);
  auto mlir =
      reached(Stage::Mlir, ".mlir", [&] { return printModule(*module); });
  if (!mlir || stage == Stage::Mlir)
    return mlir;

  if (mlir::failed(trace.time(
          "convert", [&] { return codegen::convertKernelToLLVM(*module); })))
    return fail(ErrorKind::Internal,
                fmt::format("conversion to LLVM failed: {}", diagnostics.text));
  auto code = [&](Stage at, CodeForm form,
                  const char *extension) -> Expected<std::string> {
    if (stage != at && !dumping)
      return std::string();
    // Where stages are dumped, only the wanted one counts in the trace.
    Trace ignored;
    auto text =
        generateCode(*module, target, form, stage == at ? trace : ignored);
    if (text)
      if (auto written = dump(extension, *text); !written)
        return fail(written.error());
    return text;
  };
  auto llvm = code(Stage::Llvm, CodeForm::LlvmIr, ".ll");
  if (!llvm || stage == Stage::Llvm)
    return llvm;
  auto assembly = code(Stage::Asm, CodeForm::Assembly, ".s");
  if (!assembly || stage == Stage::Asm)
    return assembly;
  return code(Stage::Obj, CodeForm::Object, ".o");
}

Expected<std::string>
compileTo(const CanonicalMod &mod, const AttentionSpec &spec,
          const TargetSpec &target, Entry entry, Stage stage,
          const std::filesystem::path &dumpStem, Trace &trace) {
  return Pipeline(dumpStem, trace).run(mod, spec, target, entry, stage);
}

} // namespace attnjit
