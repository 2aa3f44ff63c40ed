//===- Workload.cpp - A kernel and the arguments it is measured on --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Workload.h"

#include "support/KeptFraction.h"
#include "support/Measure.h"

#include "attnjit/Support/Diagnostics.h"
#include "attnjit/Text/Parser.h"

using namespace attnjit;
using namespace attnjit::bench;

Expected<std::unique_ptr<Workload>>
Workload::create(Engine &engine, std::string_view modText,
                 const tool::Shape &shape, const WorkloadOptions &options) {
  ParseResult parsed = parseMod(modText);
  if (!parsed.program)
    return fail(ErrorKind::Internal,
                render(parsed.diagnostics, "<benchmark>", modText));
  std::unique_ptr<Workload> work(
      new Workload(engine, std::move(*parsed.program)));
  work->executor = makeThreadedExecutor(options.threads);
  tool::ProblemRequest request;
  request.shape = shape;
  request.dtype = options.dtype;
  Expected<tool::Problem> problem = tool::Problem::create(work->mod, request);
  if (!problem)
    return fail(problem.error());
  work->problem.emplace(std::move(*problem));
  work->problem->args().executor = work->executor.get();
  if (options.prepare)
    options.prepare(*work);
  Expected<TargetSpec> host = TargetSpec::host();
  if (!host)
    return fail(host.error());
  work->chosenEntry = work->problem->entry(work->mod, *host);
  AttentionSpec spec = work->problem->spec();
  if (options.mask != MaskTensor::None) {
    const int64_t rows = options.mask == MaskTensor::PerKey ? 1 : shape.Sq;
    work->maskBytes.assign(static_cast<size_t>(rows * shape.Skv), 1);
    work->problem->args().mask = Tensor::contiguous(
        work->maskBytes.data(), DType::Bool, {rows, shape.Skv});
    spec.maskTensor = true;
  }
  Expected<Kernel> kernel =
      engine.compile(work->mod, spec, nullptr, work->chosenEntry);
  if (!kernel)
    return fail(kernel.error());
  work->kernel.emplace(std::move(*kernel));
  Expected<tool::KeptFraction> kept =
      tool::countKept(work->mod, spec, work->problem->args());
  if (!kept)
    return fail(kept.error());
  work->flopCount = shape.flops(kept->fraction);
  return work;
}

Expected<double> Workload::measureMs() {
  tool::Stopwatch stopwatch;
  Expected<void> done = kernel->run(problem->args());
  if (!done)
    return fail(done.error());
  return stopwatch.ms();
}

Expected<double> Workload::measureDecisionsMs() {
  RunArgs deciding = problem->args();
  deciding.costs = &costs;
  tool::Stopwatch stopwatch;
  Expected<void> done = kernel->run(deciding);
  if (!done)
    return fail(done.error());
  return stopwatch.ms();
}

Expected<double> Workload::measureLookupUs() {
  constexpr int kLookups = 1000;
  tool::Stopwatch stopwatch;
  for (int i = 0; i < kLookups; ++i)
    if (Expected<Kernel> again =
            engine.compile(mod, problem->spec(), nullptr, chosenEntry);
        !again)
      return fail(again.error());
  return stopwatch.ms() * 1e3 / kLookups;
}
