//===- BenchCommand.cpp - attn-jit bench ----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a shape; gives the speed of its kernel on the pairs that its
// mask keeps, and on the CPU what share of the machine's peak that is. Peak and
// kernel are measured in turn there.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"
#include "ProblemOptions.h"

#include "support/GpuMeasure.h"
#include "support/KeptFraction.h"
#include "support/Measure.h"
#include "support/ModFile.h"
#include "support/Peak.h"
#include "support/ProcessClock.h"
#include "support/Progress.h"

#include "attnjit/Engine/Engine.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

/// Long enough to mean something, short beside a kernel's run.
static constexpr double kPeakSliceSeconds = 0.005;

namespace {

/// What a bench gives.
struct BenchResult {
  int threads = 0;    ///< of the CPU
  std::string device; ///< the GPU; empty: the CPU
  KeptFraction kept;
  double flops = 0; ///< of one run
  Summary ms;       ///< of the runs; on a GPU of samples, a run each on average
  double peak = 0;  ///< GFLOP/s, the best slice; of the CPU

  double gflops(double runMs) const { return flops / runMs * 1e-6; }
  double bestShare() const { return peak > 0 ? gflops(ms.min) / peak : 0; }
};

class BenchCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  Expected<BenchResult> measure(const ModProgram &mod, const Problem &problem);
  static Expected<void> measureCpu(const TargetSpec &spec, const Kernel &kernel,
                                   const Problem &problem, Executor &executor,
                                   const InterleaveOptions &times,
                                   BenchResult &result);
  static Expected<void> measureGpu(Engine &engine, const Kernel &kernel,
                                   const Problem &problem,
                                   const InterleaveOptions &times,
                                   BenchResult &result);
  Json resultJson(const Problem &problem, const BenchResult &result) const;
  void printResult(const Problem &problem, const BenchResult &result) const;

  CommonOptions common;
  ProblemOptions options;
  std::string target = "host", targetName;
  double seconds = 5;
  Trace trace;
  CompileReport compiled;
};

} // namespace

CLI::App *BenchCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "bench", "Measure a kernel against the machine's peak");
  options.declare(*command)->required();
  options.declareKernelOptions(*command);
  declareTarget(*command, target);
  command
      ->add_option("--seconds", seconds,
                   "How long to measure; longer finds quieter moments")
      ->type_name("T")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  common.declare(*command);
  return command;
}

Expected<BenchResult> BenchCommand::measure(const ModProgram &mod,
                                            const Problem &problem) {
  Expected<TargetSpec> spec = parseTarget(target);
  if (!spec)
    return fail(spec.error());
  targetName = spec->name();
  const std::shared_ptr<Executor> executor =
      makeThreadedExecutor(options.threads);
  Expected<Engine> engine = common.makeEngine(executor);
  if (!engine)
    return fail(engine.error());
  Expected<Kernel> kernel = trace.time("compile", [&] {
    return engine->compile(mod, problem.spec(), *spec, &compiled,
                           problem.entry(mod, *spec));
  });
  if (!kernel)
    return fail(kernel.error());

  BenchResult result;
  Expected<KeptFraction> kept = trace.time("count kept pairs", [&] {
    return countKept(mod, problem.spec(), problem.args());
  });
  if (!kept)
    return fail(kept.error());
  result.kept = *kept;
  result.flops = problem.shape().flops(kept->fraction);

  Progress progress("measuring");
  const InterleaveOptions times = {
      .seconds = seconds,
      .progress = [&](double share) { progress.report(share); }};
  Expected<void> measured = trace.time("measure", [&] {
    return spec->isGpu()
               ? measureGpu(*engine, *kernel, problem, times, result)
               : measureCpu(*spec, *kernel, problem, *executor, times, result);
  });
  return measured ? Expected<BenchResult>(std::move(result))
                  : fail(measured.error());
}

Expected<void>
BenchCommand::measureCpu(const TargetSpec &spec, const Kernel &kernel,
                         const Problem &problem, Executor &executor,
                         const InterleaveOptions &times, BenchResult &result) {
  result.threads = executor.concurrency();
  const Contestant contestants[] = {
      {"run",
       [&]() -> Expected<double> {
         Stopwatch stopwatch;
         Expected<void> done = kernel.run(problem.args());
         return done ? Expected<double>(stopwatch.ms()) : fail(done.error());
       }},
      {"peak", [&] {
         return measureFmaPeak(spec, result.threads, kPeakSliceSeconds);
       }}};
  auto numbers = interleave(contestants, times);
  if (!numbers)
    return fail(numbers.error());
  result.ms = Summary::of((*numbers)[0]);
  result.peak = Summary::of((*numbers)[1]).max;
  return {};
}

Expected<void> BenchCommand::measureGpu(Engine &engine, const Kernel &kernel,
                                        const Problem &problem,
                                        const InterleaveOptions &times,
                                        BenchResult &result) {
  auto context = engine.gpu();
  if (!context)
    return fail(context.error());
  result.device = (*context)->device().name;
  auto samples = measureOnGpu(*context, kernel, problem.args(), times);
  if (!samples)
    return fail(samples.error());
  result.ms = Summary::of(*samples);
  return {};
}

Json BenchCommand::resultJson(const Problem &problem,
                              const BenchResult &result) const {
  const Shape &s = problem.shape();
  const bool onGpu = !result.device.empty();
  auto ofCpu = [&](auto value) { return onGpu ? Json() : Json(value); };
  return {{"shape",
           {{"B", s.B},
            {"Hq", s.Hq},
            {"Hkv", s.Hkv},
            {"Sq", s.Sq},
            {"Skv", s.Skv},
            {"D", s.D},
            {"Dv", s.Dv}}},
          {"dtype", name(problem.spec().dtype)},
          {"target", targetName},
          {"device", onGpu ? Json(result.device) : Json()},
          {"threads", ofCpu(result.threads)},
          {"runs", result.ms.count},
          {"min_ms", result.ms.min},
          {"median_ms", result.ms.median},
          {"max_ms", result.ms.max},
          {"kept_fraction", result.kept.fraction},
          {"kept_rows_counted", result.kept.rowsCounted},
          {"kept_rows_total", result.kept.rowsTotal},
          {"gflops_best", result.gflops(result.ms.min)},
          {"gflops_median", result.gflops(result.ms.median)},
          {"tflops_median", result.gflops(result.ms.median) * 1e-3},
          {"peak_gflops", ofCpu(result.peak)},
          {"peak_share_best", ofCpu(result.bestShare())},
          {"cache", cacheSourceName(compiled.source)},
          {"compile_ms", compiled.totalMs}};
}

void BenchCommand::printResult(const Problem &problem,
                               const BenchResult &result) const {
  const KeptFraction &kept = result.kept;
  const Summary &ms = result.ms;
  std::string text = fmt::format(
      "{} {}, {}\n"
      "kept     {:.2f} % of the pairs{}\n"
      "time     {:.3f} ms best, {:.3f} median, {:.3f} worst\n",
      problem.shape().text(), name(problem.spec().dtype),
      result.device.empty()
          ? fmt::format("{} thread{}, {} runs", result.threads,
                        result.threads == 1 ? "" : "s", ms.count)
          : fmt::format("{}, {} samples", result.device, ms.count),
      100 * kept.fraction,
      kept.rowsCounted < kept.rowsTotal
          ? fmt::format(" (by {} of {} rows)", kept.rowsCounted, kept.rowsTotal)
          : "",
      ms.min, ms.median, ms.max);
  text += result.device.empty()
              ? fmt::format("speed    {:.1f} GFLOP/s best, {:.1f} median\n"
                            "peak     {:.1f} GFLOP/s: {:.1f} % best\n",
                            result.gflops(ms.min), result.gflops(ms.median),
                            result.peak, 100 * result.bestShare())
              : fmt::format("speed    {:.1f} TFLOP/s best, {:.1f} median\n",
                            result.gflops(ms.min) * 1e-3,
                            result.gflops(ms.median) * 1e-3);
  std::fputs(text.c_str(), stderr);
}

Expected<int> BenchCommand::run(const ProcessClock &clock) {
  options.finish();
  Expected<LoadedProblem> loaded = options.load(trace);
  if (!loaded)
    return fail(loaded.error());
  auto &[mod, problem] = *loaded;
  Expected<BenchResult> result = measure(mod.program, problem);
  if (!result)
    return fail(result.error());
  printResult(problem, *result);
  const TimingReport timing = {clock, trace.stages(), compiled.stages,
                               clock.sinceExecMs()};
  if (common.timing)
    timing.print();
  if (common.json) {
    Json json = resultJson(problem, *result);
    if (common.timing)
      json["timing"] = timing.json();
    printJson(json);
  }
  return kSuccess;
}

std::unique_ptr<Command> tool::makeBenchCommand() {
  return std::make_unique<BenchCommand>();
}
