//===- Kernels.cpp - Speed of kernels -------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All contestants run once a round. A round takes about a second, so that each
// meets every phase that the machine goes through.
//
//===----------------------------------------------------------------------===//

#include "Scenarios.h"
#include "Workload.h"

#include "support/Peak.h"
#include "support/Progress.h"

#ifdef ATTNJIT_BENCH_OPENBLAS
#include "BlasAttention.h"
#endif

#include <fmt/format.h>

#include <cmath>
#include <map>

using namespace attnjit;
using namespace attnjit::bench;

using tool::Contestant;
using tool::Shape;
using Sense = Target::Sense;

static constexpr const char *kDense = "";
static constexpr const char *kCausal = "mask = q >= kv\n";
static constexpr const char *kSoftcap = "score = 50.0 * tanh(score / 50.0)\n";
static constexpr const char *kAlibi = "buffer slopes : f32[Hq]\n"
                                      "score = score + slopes[h] * (kv - q)\n";

static Shape oneHead(int64_t S, int64_t D) { return {1, 1, 1, S, S, D, D}; }

namespace {

/// The contestants of a run, what they need, and the numbers they gave.
class KernelBench {
public:
  KernelBench(Engine &engine) : engine(engine) {}

  Expected<void> addAll();
  Expected<void> measure(double seconds);
  std::vector<Figure> figures() const;

private:
  Expected<void> addKernel(const char *name, const char *mod,
                           const Shape &shape, const WorkloadOptions &options);
  Expected<void> addBlas();
  void add(std::string name, std::function<Expected<double>()> measure) {
    contestants.push_back({std::move(name), std::move(measure)});
  }
  std::span<const double> numbers(const char *name) const {
    return results.at(name);
  }

  Engine &engine;
  std::map<std::string, std::unique_ptr<Workload>> workloads;
  std::vector<Contestant> contestants;
  std::map<std::string, std::vector<double>> results;
#ifdef ATTNJIT_BENCH_OPENBLAS
  std::optional<BlasAttention> blas;
  std::vector<float> blasOut;
#endif
};

} // namespace

Expected<void> KernelBench::addKernel(const char *name, const char *mod,
                                      const Shape &shape,
                                      const WorkloadOptions &options) {
  Expected<std::unique_ptr<Workload>> work =
      Workload::create(engine, mod, shape, options);
  if (!work)
    return fail(Error(work.error()).in(name));
  Workload *workload = work->get();
  workloads.emplace(name, std::move(*work));
  add(name, [workload] { return workload->measureMs(); });
  return {};
}

#ifdef ATTNJIT_BENCH_OPENBLAS
Expected<void> KernelBench::addBlas() {
  Workload &dense = *workloads.at("dense");
  const RunArgs &args = dense.args();
  const int64_t S = args.q.shape[2], D = args.q.shape[3];
  const auto *q = static_cast<const float *>(args.q.data);
  const auto *k = static_cast<const float *>(args.k.data);
  const auto *v = static_cast<const float *>(args.v.data);
  blas.emplace(S, D, q, k, v);
  blasOut.resize(static_cast<size_t>(S * D));
  // What is compared must compute the same.
  if (Expected<double> ran = dense.measureMs(); !ran)
    return fail(ran.error());
  blas->run(q, k, v, blasOut.data());
  const auto *out = static_cast<const float *>(args.out.data);
  for (size_t i = 0; i < blasOut.size(); ++i)
    if (!(std::abs(blasOut[i] - out[i]) < 1e-4f))
      return fail(ErrorKind::Internal,
                  fmt::format("BLAS and kernel differ at element {}: {} and {}",
                              i, blasOut[i], out[i]));
  add("blas", [this, q, k, v]() -> Expected<double> {
    tool::Stopwatch stopwatch;
    blas->run(q, k, v, blasOut.data());
    return stopwatch.ms();
  });
  return {};
}
#else
Expected<void> KernelBench::addBlas() { return {}; }
#endif

Expected<void> KernelBench::addAll() {
  constexpr double kPeakSliceSeconds = 0.005;
  constexpr int64_t kHeads = 4;
  const Shape heads = {1, kHeads, kHeads, 1024, 1024, 128, 128};
  // The peak stands beside what is measured against it.
  add("peak", [] { return tool::measureFmaPeak(1, kPeakSliceSeconds); });
  struct Entry {
    const char *name, *mod;
    Shape shape;
    WorkloadOptions options = {};
  };
  for (const Entry &entry :
       {Entry{"dense", kDense, oneHead(2048, 128)},
        {"dense f16", kDense, oneHead(2048, 128), {.dtype = DType::F16}},
        {"dense bf16", kDense, oneHead(2048, 128), {.dtype = DType::BF16}},
        {"softcap", kSoftcap, oneHead(2048, 128)},
        {"alibi", kAlibi, oneHead(2048, 128)},
        {"dense D=64", kDense, oneHead(2048, 64)},
        {"dense S=4096", kDense, oneHead(4096, 128)},
        {"causal S=4096", kCausal, oneHead(4096, 128)},
        {"causal, 2 threads", kCausal, oneHead(4096, 128), {.threads = 2}},
        {"1 thread", kDense, heads},
        {"2 threads", kDense, heads, {.threads = 2}}})
    if (Expected<void> ok =
            addKernel(entry.name, entry.mod, entry.shape, entry.options);
        !ok)
      return ok;
  if (Expected<void> ok = addBlas(); !ok)
    return ok;
  add("lookup", [this] { return workloads.at("softcap")->measureLookupUs(); });
  return {};
}

Expected<void> KernelBench::measure(double seconds) {
  tool::Progress progress("measuring kernels");
  auto rounds = tool::interleave(
      contestants, {.seconds = seconds,
                    .progress = [&](double share) { progress.report(share); }});
  if (!rounds)
    return fail(rounds.error());
  for (size_t i = 0; i < contestants.size(); ++i)
    results[contestants[i].name] = std::move((*rounds)[i]);
  return {};
}

std::vector<Figure> KernelBench::figures() const {
  auto share = [&](const char *title, const char *name, double target) {
    return peakShareFigure(title, workloads.at(name)->flops(), numbers(name),
                           numbers("peak"), Target{Sense::AtLeast, target});
  };
  auto cost = [&](const char *title, const char *name, const char *over,
                  double target) {
    return costFigure(title, numbers(name), numbers(over),
                      Target{Sense::AtMost, target});
  };
  auto speed = [&](const char *title, const char *name, const char *over,
                   double target) {
    return speedupFigure(title, numbers(name), numbers(over),
                         Target{Sense::AtLeast, target});
  };
  std::vector<Figure> list = {
      share("dense D=128 S=2048, of the FMA peak", "dense", 0.80),
      share("dense D=64 S=2048, of the FMA peak", "dense D=64", 0.75),
      speed("speed of f16 over f32, D=128 S=2048", "dense f16", "dense", 0.93),
      speed("speed of bf16 over f32, D=128 S=2048", "dense bf16", "dense",
            0.93),
      cost("causal over dense, D=128 S=4096", "causal S=4096", "dense S=4096",
           0.58),
      cost("softcap over plain, D=128 S=2048", "softcap", "dense", 1.15),
      cost("ALiBi over plain, D=128 S=2048", "alibi", "dense", 1.15)};
#ifdef ATTNJIT_BENCH_OPENBLAS
  list.push_back(speedupFigure("speed over OpenBLAS + softmax, D=128 S=2048",
                               numbers("dense"), numbers("blas"),
                               Target{Sense::AtLeast, 1.15}));
  list.back().note = fmt::format("blocks of {} rows, {}", blas->blockRows(),
                                 BlasAttention::library());
#endif
  if (workloads.at("2 threads")->threads() == 2)
    list.push_back(speed("speed of two threads over one, D=128 S=1024",
                         "2 threads", "1 thread", 1.85));
  if (workloads.at("causal, 2 threads")->threads() == 2)
    list.push_back(speed("speed of two threads over one, causal S=4096",
                         "causal, 2 threads", "causal S=4096", 1.80));
  list.push_back(timeFigure("look-up of a compiled kernel", "us",
                            numbers("lookup"), Target{Sense::AtMost, 2}));
  Figure peak;
  peak.name = "FMA peak of one thread";
  peak.unit = "GFLOP/s";
  const tool::Summary summary = tool::Summary::of(numbers("peak"));
  peak.best = summary.max;
  peak.median = summary.median;
  peak.rounds = summary.count;
  list.push_back(peak);
  return list;
}

Expected<std::vector<Figure>> bench::measureKernels(double seconds) {
  // Nothing of another day's cache, and nothing left behind.
  EngineOptions options;
  options.diskCache = false;
  Expected<Engine> engine = Engine::create(std::move(options));
  if (!engine)
    return fail(engine.error());
  KernelBench bench(*engine);
  Expected<void> ok = bench.addAll();
  if (ok)
    ok = bench.measure(seconds);
  if (!ok)
    return fail(ok.error());
  return bench.figures();
}
