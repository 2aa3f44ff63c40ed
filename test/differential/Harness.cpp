//===- Harness.cpp - Running a case and judging it ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The crash note is set before anything of the case runs, so a fault names it.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "Executors.h"

#include "attnjit/Reference/Reference.h"
#include "attnjit/Runtime/Cuda/DeviceTensors.h"
#include "attnjit/Spec/GpuSchedule.h"
#include "attnjit/Text/Parser.h"
#include "attnjit/Text/Printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace attnjit;
using namespace attnjit::test;

bool attnjit::test::isFullRun() {
  const char *value = std::getenv("ATTNJIT_TEST_ALL");
  return value && std::string_view(value) != "" &&
         std::string_view(value) != "0";
}

std::optional<uint64_t> attnjit::test::seedFromEnvironment() {
  const char *value = std::getenv("ATTNJIT_TEST_SEED");
  if (!value || !*value)
    return std::nullopt;
  return std::strtoull(value, nullptr, 10);
}

static Engine &engine() {
  static Engine instance = [] {
    EngineOptions options;
    options.diskCache = false;
    Expected<Engine> made = Engine::create(options);
    if (!made) {
      fmt::print(stderr, "no engine: {}\n", made.error().message());
      std::abort();
    }
    return std::move(*made);
  }();
  return instance;
}

Expected<TargetSpec> attnjit::test::testedTarget() {
  const char *name = std::getenv("ATTNJIT_TEST_TARGET");
  if (name && std::string_view(name) == "cuda")
    return engine().gpuTarget();
  return TargetSpec::parse(name && *name ? name : "host");
}

Expected<void> attnjit::test::runKernel(const Kernel &kernel,
                                        const RunArgs &args) {
  if (!kernel.signature().deviceMemory)
    return kernel.run(args);
  auto gpu = engine().gpu();
  if (!gpu)
    return fail(gpu.error());
  Expected<cuda::DeviceTensors> copy = cuda::DeviceTensors::copy(*gpu, args);
  if (!copy)
    return fail(copy.error());
  Expected<void> done = kernel.run(copy->args());
  return done ? copy->copyBack() : done;
}

Expected<Kernel> attnjit::test::compileKernel(const ModProgram &mod,
                                              const AttentionSpec &spec) {
  static const Expected<TargetSpec> target = testedTarget();
  if (!target)
    return fail(target.error());
  return engine().compile(mod, spec, *target);
}

ModProgram attnjit::test::parsed(std::string_view text) {
  ParseResult result = parseMod(text);
  for (const Diagnostic &diagnostic : result.diagnostics)
    ADD_FAILURE() << diagnostic.message << " in\n" << text;
  return result.program ? *result.program : ModProgram::identity();
}

std::string attnjit::test::describeCase(const ModProgram &mod,
                                        const Shape &shape, uint64_t seed) {
  return fmt::format("{}\n{}\nseed {}", print(mod), shape.describe(), seed);
}

static Outcome failCase(const std::string &what, const std::string &note) {
  ADD_FAILURE() << what << "\n" << note;
  return Outcome::Failed;
}

/// The kernel has refused the arguments: the Reference must do so too.
static Outcome checkRefusal(const ModProgram &mod, const Problem &problem,
                            const Error &error, const std::string &note) {
  if (error.kind() != ErrorKind::InvalidArgument)
    return failCase("run: " + error.message(), note);
  if (Reference::create(mod, problem.args))
    return failCase("the Reference takes what the kernel refuses: " +
                        error.message(),
                    note);
  return Outcome::Refused;
}

Outcome attnjit::test::runEverywhere(const ModProgram &mod, Problem &problem,
                                     const std::string &note) {
  setCrashNote(note);
  const AttentionSpec spec = problem.spec();
  Expected<Kernel> kernel = compileKernel(mod, spec);
  if (!kernel) {
    const Expected<TargetSpec> target = testedTarget();
    if (target && target->isGpu() &&
        std::max(spec.D, spec.Dv) > kMaxGpuHeadDim &&
        kernel.error().kind() == ErrorKind::Unsupported)
      return Outcome::TooWide;
    return failCase("compile: " + kernel.error().message(), note);
  }
  // Offsets in a GPU's memory are not looked at: what they may not be, only the
  // Reference says.
  if (kernel->signature().deviceMemory)
    if (auto reference = Reference::create(mod, problem.args); !reference)
      return Outcome::Refused;
  std::shared_ptr<Executor> executors[] = {
      makeSerialExecutor(), makeThreadedExecutor(2),
      std::make_shared<AdversarialExecutor>(problem.random())};
  std::vector<std::byte> first;
  for (const auto &executor : executors) {
    problem.clearOutputs();
    problem.args.executor = executor.get();
    Expected<void> done = runKernel(*kernel, problem.args);
    problem.args.executor = nullptr;
    if (!done)
      return checkRefusal(mod, problem, done.error(), note);
    if (first.empty())
      first = problem.outputBytes();
    else if (first != problem.outputBytes())
      return failCase("results depend on the executor", note);
  }
  if (!problem.areGapsUntouched())
    return failCase("memory between the rows of out or lse was written", note);
  setCrashNote("(no kernel was running) " + note);
  return Outcome::Ran;
}

Outcome attnjit::test::runAndCheck(const ModProgram &mod, Problem &problem,
                                   const std::string &note, int64_t maxPairs) {
  Outcome outcome = runEverywhere(mod, problem, note);
  if (outcome != Outcome::Ran)
    return outcome;
  CheckOptions options;
  options.maxPairs = maxPairs;
  Expected<CheckReport> report =
      checkAgainstReference(mod, problem.args, options);
  if (!report)
    return failCase("check: " + report.error().message(), note);
  if (report->worstBoundRatio > problem.shape().boundFactor())
    return failCase(fmt::format("{} times the error bound at {}",
                                report->worstBoundRatio, report->worst),
                    note);
  return Outcome::Ran;
}
