//===- CompileCommand.cpp - attn-jit compile ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and head sizes; gives a stage of its compilation, or without
// --emit puts the kernel into the cache.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"
#include "ProblemOptions.h"

#include "support/ModFile.h"
#include "support/ProcessClock.h"

#include "attnjit/Engine/Engine.h"
#include "attnjit/Support/AtomicFile.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class CompileCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  Expected<int> emit(const ModProgram &mod, const TargetSpec &spec,
                     const ProcessClock &clock);
  Expected<int> fillCache(const ModProgram &mod, const TargetSpec &spec,
                          const ProcessClock &clock);

  CommonOptions common;
  std::string mod, target = "host", outFile, stageName;
  std::vector<Setting> settings;
  HeadDim headDim;
  std::optional<DType> dtype;
  std::optional<Stage> stage;
  Entry entry = Entry::Prefill;
  AttentionSpec attention;
  Trace trace;
};

} // namespace

static const std::map<std::string, Stage> kStages = {
    {"expr", Stage::Expr}, {"attn", Stage::Attn},  {"mlir", Stage::Mlir},
    {"llvm", Stage::Llvm}, {"asm", Stage::Asm},    {"obj", Stage::Obj},
    {"ptx", Stage::Asm},   {"cubin", Stage::Cubin}};

CLI::App *CompileCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "compile", "Compile a mod into the cache, or show a stage of its "
                 "compilation");
  declareMod(*command, mod);
  addParsed(*command, "--head-dim", "Head size of q and k, and of v",
            [this](const std::string &text) -> Expected<void> {
              Expected<HeadDim> parsed = HeadDim::parse(text);
              if (!parsed)
                return fail(parsed.error());
              headDim = *parsed;
              return {};
            })
      ->type_name("D[,Dv]")
      ->required();
  declareDType(*command, dtype);
  declareSettings(*command, settings);
  declareTarget(*command, target);
  addParsed(*command, "--entry",
            "The entry point: prefill (many queries), decode (few queries, the "
            "heads of a group together), which short is another name of",
            [this](const std::string &text) -> Expected<void> {
              if (text != "prefill" && text != "short" && text != "decode")
                return fail(ErrorKind::InvalidArgument,
                            fmt::format("`{}`; it should be prefill, short or "
                                        "decode",
                                        text));
              entry = text == "prefill" ? Entry::Prefill : Entry::Decode;
              return {};
            })
      ->type_name("prefill|short|decode");
  addParsed(*command, "--emit",
            "Show a stage: the canonical expressions, the attention dialect, "
            "loops and vectors, LLVM IR, assembly, the object file; for a GPU, "
            "the PTX (also as asm) and the cubin",
            [this](const std::string &text) -> Expected<void> {
              auto known = kStages.find(text);
              if (known == kStages.end())
                return fail(ErrorKind::InvalidArgument,
                            fmt::format("`{}`; it should be expr, attn, mlir, "
                                        "llvm, asm, obj, ptx or cubin",
                                        text));
              stage = known->second;
              stageName = text;
              return {};
            })
      ->type_name("expr|attn|mlir|llvm|asm|obj|ptx|cubin");
  command
      ->add_option("-o,--out", outFile,
                   "Where the stage goes; standard output unless given")
      ->type_name("FILE")
      ->needs("--emit");
  common.declare(*command);
  return command;
}

Expected<int> CompileCommand::emit(const ModProgram &program,
                                   const TargetSpec &spec,
                                   const ProcessClock &clock) {
  if (stageName == "ptx" && !spec.isGpu())
    return fail(
        ErrorKind::InvalidArgument,
        fmt::format("there is no PTX for `{}`, which is no GPU", spec.name()));
  const bool binary = *stage == Stage::Obj || *stage == Stage::Cubin;
  if (binary && outFile.empty() && (common.json || ::isatty(STDOUT_FILENO)))
    return fail(
        ErrorKind::InvalidArgument,
        fmt::format("{} is binary; say with -o where it goes",
                    *stage == Stage::Obj ? "an object file" : "a cubin"));
  Expected<std::string> text = trace.time("compile", [&] {
    return Engine::emit(program, attention, spec, *stage, entry);
  });
  if (!text)
    return fail(text.error());
  const double resultMs = clock.sinceExecMs();
  if (!outFile.empty()) {
    if (Expected<void> ok =
            writeFileAtomically(outFile, std::string_view(*text));
        !ok)
      return fail(ok.error());
  } else if (!common.json) {
    std::fwrite(text->data(), 1, text->size(), stdout);
  }
  const TimingReport timing = {clock, trace.stages(), {}, resultMs};
  if (common.timing)
    timing.print();
  if (common.json) {
    Json result = {{"emit", stageName},
                   {"target", spec.name()},
                   {"out", outFile.empty() ? Json() : Json(outFile)},
                   {"bytes", text->size()}};
    if (outFile.empty())
      result["text"] = *text;
    if (common.timing)
      result["timing"] = timing.json();
    printJson(result);
  }
  return kSuccess;
}

Expected<int> CompileCommand::fillCache(const ModProgram &program,
                                        const TargetSpec &spec,
                                        const ProcessClock &clock) {
  Expected<Engine> engine = common.makeEngine(makeSerialExecutor());
  if (!engine)
    return fail(engine.error());
  CompileReport report;
  Expected<Kernel> kernel = trace.time("compile", [&] {
    return engine->compile(program, attention, spec, &report, entry);
  });
  if (!kernel)
    return fail(kernel.error());
  const TimingReport timing = {clock, trace.stages(), report.stages,
                               clock.sinceExecMs()};
  std::fputs(fmt::format("compiled for {} in {:.1f} ms (cache: {})\n",
                         spec.name(), report.totalMs,
                         cacheSourceName(report.source))
                 .c_str(),
             stderr);
  if (common.timing)
    timing.print();
  if (common.json) {
    Json result = {{"target", spec.name()},
                   {"cache", cacheSourceName(report.source)},
                   {"compile_ms", report.totalMs}};
    if (common.timing)
      result["timing"] = timing.json();
    printJson(result);
  }
  return kSuccess;
}

Expected<int> CompileCommand::run(const ProcessClock &clock) {
  Expected<TargetSpec> spec = parseTarget(target);
  if (!spec)
    return fail(spec.error());
  Expected<LoadedMod> loaded =
      trace.time("parse", [&] { return loadMod(mod, settings); });
  if (!loaded)
    return fail(loaded.error());
  if (!loaded->settings.empty())
    return fail(ErrorKind::InvalidArgument,
                fmt::format("`{}` is set, but the mod declares no such const; "
                            "params and buffers are given to runs",
                            loaded->settings.front().name));
  attention = {headDim.D, headDim.Dv, dtype.value_or(DType::F32)};
  if (Expected<void> ok = attention.check(); !ok)
    return fail(ok.error());
  return stage ? emit(loaded->program, *spec, clock)
               : fillCache(loaded->program, *spec, clock);
}

std::unique_ptr<Command> tool::makeCompileCommand() {
  return std::make_unique<CompileCommand>();
}
