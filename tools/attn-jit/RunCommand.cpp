//===- RunCommand.cpp - attn-jit run --------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and tensors, from files or random; gives out (and lse), and on
// demand how far they are from the reference.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"
#include "ProblemOptions.h"

#include "support/BufferFacts.h"
#include "support/ModFile.h"
#include "support/Npy.h"
#include "support/ProcessClock.h"
#include "support/Progress.h"

#include "attnjit/Engine/Engine.h"
#include "attnjit/Reference/Reference.h"
#include "attnjit/Runtime/Cuda/DeviceTensors.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class RunCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  Expected<void> checkInputOptions() const;
  Expected<void> compileAndRun(const ModProgram &mod, Problem &problem);
  Expected<void> runHere(const Kernel &kernel, Problem &problem);
  Expected<void> runOnGpu(Engine &engine, const Kernel &kernel,
                          Problem &problem);
  Expected<void> check(const ModProgram &mod, const Problem &problem);
  Expected<void> writeOutputs(const Problem &problem) const;
  Json resultJson() const;
  void printResult(const Problem &problem) const;

  CommonOptions common;
  ProblemOptions options;
  std::string target = "host";
  std::string outFile, lseFile;
  bool wantCheck = false;

  Trace trace;
  std::shared_ptr<Executor> executor;
  CompileReport compiled;
  double runMs = 0;
  std::optional<CheckReport> checked;
};

} // namespace

CLI::App *RunCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "run", "Compile a mod and run it on tensors from .npy files, or on "
             "random ones");
  CLI::Option *shape = options.declare(*command);
  ProblemRequest &request = options.request;
  for (auto [name, file] :
       {std::pair{"--q", &request.q}, {"--k", &request.k}, {"--v", &request.v}})
    command
        ->add_option(name, *file, "Input tensor; see --shape for random ones")
        ->type_name("FILE.npy")
        ->excludes(shape);
  options.declareKernelOptions(*command);
  declareTarget(*command, target);
  command->add_option("-o,--out", outFile, "Where the output goes")
      ->type_name("FILE.npy");
  command
      ->add_option("--lse", lseFile,
                   "Where the logarithms of the rows' sums go")
      ->type_name("FILE.npy");
  command->add_flag("--check", wantCheck,
                    "Compare with the reference in f64, and fail beyond its "
                    "error bound");
  common.declare(*command);
  return command;
}

Expected<void> RunCommand::checkInputOptions() const {
  const ProblemRequest &request = options.request;
  if (request.shape)
    return {};
  for (auto [name, file] :
       {std::pair{"--q", &request.q}, {"--k", &request.k}, {"--v", &request.v}})
    if (file->empty())
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("{} is missing; give --q, --k and --v, or "
                              "--shape for random tensors",
                              name));
  if (outFile.empty())
    return fail(ErrorKind::InvalidArgument,
                "-o is missing: where should the output go?");
  return {};
}

Expected<void> RunCommand::compileAndRun(const ModProgram &mod,
                                         Problem &problem) {
  Expected<TargetSpec> spec = parseTarget(target);
  if (!spec)
    return fail(spec.error());
  Expected<Engine> engine =
      trace.time("create engine", [&] { return common.makeEngine(executor); });
  if (!engine)
    return fail(engine.error());
  Expected<Kernel> kernel = trace.time("compile", [&] {
    return engine->compile(mod, problem.spec(), *spec, &compiled,
                           problem.entry(mod, *spec));
  });
  if (!kernel)
    return fail(kernel.error());
  return spec->isGpu() ? runOnGpu(*engine, *kernel, problem)
                       : runHere(*kernel, problem);
}

Expected<void> RunCommand::runHere(const Kernel &kernel, Problem &problem) {
  for (CaptureArg &capture : problem.args().captures)
    capture.version = 1;
  Stopwatch stopwatch;
  Expected<void> done =
      trace.time("run", [&] { return kernel.run(problem.args()); });
  runMs = stopwatch.ms();
  if (!done || !wantCheck)
    return done;
  // What is checked comes from a run that takes over what the first has found
  // of the captured buffers, and compares it with them.
  problem.args().checkVersions = true;
  return trace.time("run again", [&] { return kernel.run(problem.args()); });
}

Expected<void> RunCommand::runOnGpu(Engine &engine, const Kernel &kernel,
                                    Problem &problem) {
  auto context = engine.gpu();
  // A kernel can be compiled without a GPU, and its run says so.
  if (!context)
    return runHere(kernel, problem);
  auto copy = trace.time("copy to gpu", [&] {
    return cuda::DeviceTensors::copy(*context, problem.args());
  });
  Expected<void> done = copy ? (*context)->synchronize() : fail(copy.error());
  if (!done)
    return done;
  Stopwatch stopwatch;
  done = trace.time("run", [&] {
    Expected<void> started = kernel.run(copy->args());
    return started ? (*context)->synchronize() : started;
  });
  runMs = stopwatch.ms();
  if (done)
    done = trace.time("copy from gpu", [&] { return copy->copyBack(); });
  return done;
}

//===----------------------------------------------------------------------===//
// --check
//===----------------------------------------------------------------------===//

/// How many pairs the reference does in `seconds` on this problem, by a small
/// sample of rows.
static Expected<int64_t> affordablePairs(const ModProgram &mod,
                                         const Problem &problem,
                                         Executor &executor, double seconds) {
  constexpr int64_t kProbe = 1'000'000;
  const Shape &shape = problem.shape();
  Stopwatch stopwatch;
  Expected<CheckReport> probe = checkAgainstReference(
      mod, problem.args(), {.maxPairs = kProbe, .executor = &executor});
  if (!probe)
    return fail(probe.error());
  const double pairs = double(probe->rowsChecked) * double(shape.Skv);
  return std::max<int64_t>(
      kProbe, static_cast<int64_t>(pairs / (stopwatch.ms() * 1e-3) * seconds));
}

Expected<void> RunCommand::check(const ModProgram &mod,
                                 const Problem &problem) {
  if (Expected<void> ok = checkBufferFacts(mod, problem.args()); !ok)
    return ok;
  constexpr double kSeconds = 10;
  Progress progress("checking");
  ProgressExecutor checker(executor, progress);
  Expected<int64_t> maxPairs =
      affordablePairs(mod, problem, *executor, kSeconds);
  if (!maxPairs)
    return fail(maxPairs.error());
  Expected<CheckReport> report =
      checkAgainstReference(mod, problem.args(),
                            {.maxPairs = *maxPairs,
                             .seed = options.request.randomSeed + 1,
                             .executor = &checker});
  if (!report)
    return fail(report.error());
  checked = std::move(*report);
  return {};
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

Expected<void> RunCommand::writeOutputs(const Problem &problem) const {
  Expected<void> ok;
  if (!outFile.empty())
    ok = writeNpy(outFile, problem.out());
  if (ok && !lseFile.empty())
    ok = writeNpy(lseFile, problem.lse());
  return ok;
}

Json RunCommand::resultJson() const {
  Json result = {{"out", outFile.empty() ? Json() : Json(outFile)},
                 {"cache", cacheSourceName(compiled.source)},
                 {"compile_ms", compiled.totalMs},
                 {"run_ms", runMs},
                 {"check", nullptr}};
  if (checked)
    result["check"] = {{"max_abs_err", checked->maxAbsError},
                       {"worst_bound_ratio", checked->worstBoundRatio},
                       {"rows_checked", checked->rowsChecked},
                       {"rows_total", checked->rowsTotal},
                       {"ok", checked->ok},
                       {"worst", checked->worst}};
  return result;
}

void RunCommand::printResult(const Problem &problem) const {
  std::string text = fmt::format(
      "{} {}: compiled in {:.1f} ms (cache: {}), ran in {:.3f} ms\n",
      problem.shape().text(), name(problem.spec().dtype), compiled.totalMs,
      cacheSourceName(compiled.source), runMs);
  if (checked)
    text += fmt::format(
        "check: {}, {} of {} rows{}, max abs error {:.3g}, worst error / bound "
        "{:.3g}\n",
        checked->ok ? "ok" : "FAILED", checked->rowsChecked, checked->rowsTotal,
        checked->rowsChecked < checked->rowsTotal ? " (a random sample)" : "",
        checked->maxAbsError, checked->worstBoundRatio);
  if (checked && !checked->ok)
    text += fmt::format("  {}\n", checked->worst);
  std::fputs(text.c_str(), stderr);
}

Expected<int> RunCommand::run(const ProcessClock &clock) {
  if (Expected<void> ok = checkInputOptions(); !ok) {
    std::fputs(
        fmt::format("attn-jit: error: {}\n", ok.error().message()).c_str(),
        stderr);
    return kBadCommandLine;
  }
  options.finish();
  options.request.lse = !lseFile.empty();
  Expected<LoadedProblem> loaded = options.load(trace);
  if (!loaded)
    return fail(loaded.error());
  auto &[mod, problem] = *loaded;
  executor = makeThreadedExecutor(options.threads);
  if (Expected<void> ok = compileAndRun(mod.program, problem); !ok)
    return fail(ok.error());
  const double resultMs = clock.sinceExecMs();

  if (wantCheck) {
    Expected<void> ok =
        trace.time("check", [&] { return check(mod.program, problem); });
    if (!ok)
      return fail(ok.error());
  }
  Expected<void> written =
      trace.time("write", [&] { return writeOutputs(problem); });
  if (!written)
    return fail(written.error());

  const TimingReport timing = {clock, trace.stages(), compiled.stages,
                               resultMs};
  printResult(problem);
  if (common.timing)
    timing.print();
  if (common.json) {
    Json result = resultJson();
    if (common.timing)
      result["timing"] = timing.json();
    printJson(result);
  }
  return checked && !checked->ok ? kFailure : kSuccess;
}

std::unique_ptr<Command> tool::makeRunCommand() {
  return std::make_unique<RunCommand>();
}
