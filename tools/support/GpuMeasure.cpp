//===- GpuMeasure.cpp - How long runs take on a GPU -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/GpuMeasure.h"

#include "attnjit/Runtime/Cuda/DeviceTensors.h"
#include "attnjit/Runtime/Cuda/Stream.h"

#include <algorithm>
#include <cmath>

using namespace attnjit;
using namespace attnjit::tool;

/// Long beside the resolution of events (half a microsecond) and the time that
/// the GPU waits for the first launch.
static constexpr double kSampleMs = 2;
static constexpr int kMaxRunsPerSample = 1000;
static constexpr int kWarmUpRuns = 5;

namespace {
/// A kernel, its arguments, and two marks in the stream.
class Sampler {
public:
  static Expected<Sampler> create(const cuda::Context::Ptr &context,
                                  const Kernel &kernel, const RunArgs &args) {
    Expected<cuda::Event> start = cuda::Event::create(context);
    Expected<cuda::Event> end = cuda::Event::create(context);
    if (!start || !end)
      return fail(!start ? start.error() : end.error());
    return Sampler{kernel, args, std::move(*start), std::move(*end)};
  }

  /// Milliseconds of one of `runs` runs.
  Expected<double> sample(int runs) const {
    auto *stream = static_cast<cuda::StreamHandle>(args.stream);
    Expected<void> ok = start.record(stream);
    for (int i = 0; ok && i < runs; ++i)
      ok = kernel.run(args);
    if (ok)
      ok = end.record(stream);
    if (ok)
      ok = end.synchronize();
    if (!ok)
      return fail(ok.error());
    Expected<float> ms = cuda::Event::elapsedMs(start, end);
    return ms ? Expected<double>(double(*ms) / runs) : fail(ms.error());
  }

  const Kernel &kernel;
  const RunArgs &args;
  cuda::Event start, end;
};
} // namespace

static Expected<std::vector<double>>
sampleFor(const Sampler &sampler, const InterleaveOptions &options) {
  // The first one also loads code and raises the clock.
  Expected<double> ms = sampler.sample(kWarmUpRuns);
  if (ms)
    ms = sampler.sample(kWarmUpRuns);
  if (!ms)
    return fail(ms.error());
  const int runs =
      static_cast<int>(std::clamp(std::ceil(kSampleMs / std::max(*ms, 1e-6)),
                                  1.0, double(kMaxRunsPerSample)));
  std::vector<double> samples;
  const Stopwatch total;
  for (;;) {
    const double share = total.ms() / 1e3 / options.seconds;
    if (share >= 1 && static_cast<int>(samples.size()) >= options.minRounds)
      return samples;
    if (options.progress)
      options.progress(std::min(share, 1.0));
    ms = sampler.sample(runs);
    if (!ms)
      return fail(ms.error());
    samples.push_back(*ms);
  }
}

Expected<std::vector<double>>
tool::measureOnGpu(const cuda::Context::Ptr &context, const Kernel &kernel,
                   const RunArgs &args, const InterleaveOptions &options) {
  Expected<cuda::Stream> stream = cuda::Stream::create(context);
  if (!stream)
    return fail(stream.error());
  RunArgs onStream = args;
  onStream.stream = stream->handle();
  Expected<cuda::DeviceTensors> copy =
      cuda::DeviceTensors::copy(context, onStream);
  if (!copy)
    return fail(copy.error());
  Expected<Sampler> sampler = Sampler::create(context, kernel, copy->args());
  if (!sampler)
    return fail(sampler.error());
  Expected<std::vector<double>> samples = sampleFor(*sampler, options);
  if (!samples)
    return samples;
  if (auto back = copy->copyBack(); !back)
    return fail(back.error());
  return samples;
}
