//===- Sparsity.cpp - What deciding tiles costs and saves -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One head, D = 128, f32, one thread unless said otherwise. The decisions are
// measured by RunArgs::costs, which makes those about blocks and strips, and
// the summaries of captured buffers, and computes nothing.
//
//===----------------------------------------------------------------------===//

#include "Scenarios.h"
#include "Workload.h"

#include "support/Progress.h"

#include "attnjit/Reference/Reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <random>

using namespace attnjit;
using namespace attnjit::bench;

using tool::Contestant;
using Sense = Target::Sense;

namespace {

struct Subject {
  const char *name;
  const char *mod;
};

constexpr Subject kCausal = {"causal", "mask = q >= kv\n"};
constexpr Subject kWindow1k = {"window 1024",
                               "mask = q >= kv and q - kv < 1024\n"};
constexpr Subject kWindow256 = {"window 256",
                                "mask = q >= kv and q - kv < 256\n"};
constexpr Subject kWindow4k = {"window 4096",
                               "mask = q >= kv and q - kv < 4096\n"};
constexpr Subject kDocuments = {"documents of 2 k",
                                "buffer doc : i32[Sq]\n"
                                "mask = doc[q] == doc[kv] and q >= kv\n"};
constexpr Subject kNeighbourhood = {
    "13 x 13 pixels, rows of 512",
    "def near(x : i32, y : i32) = abs(x - y) <= 6\n"
    "mask = near(q % 512, kv % 512) and near(q // 512, kv // 512)\n"};

/// Measured things, and the times of each once they are.
class Group {
public:
  explicit Group(Engine &engine) : engine(engine) {}

  /// The workload, made for the group.
  Expected<Workload *> add(const Subject &subject, int64_t S, int64_t D,
                           int threads = 1);
  /// Gives the index of what it measures.
  size_t time(std::string name, std::function<Expected<double>()> measure) {
    contestants.push_back({std::move(name), std::move(measure)});
    return contestants.size() - 1;
  }
  size_t timeRuns(Workload *work) {
    return time("run", [work] { return work->measureMs(); });
  }
  size_t timeDecisions(Workload *work) {
    return time("decisions", [work] { return work->measureDecisionsMs(); });
  }
  Expected<void> measure(double seconds);
  std::span<const double> of(size_t index) const { return rounds[index]; }

private:
  Engine &engine;
  std::vector<std::unique_ptr<Workload>> workloads;
  std::vector<Contestant> contestants;
  std::vector<std::vector<double>> rounds;
};

} // namespace

/// Sorted ids, documents of 1000 to 3000 tokens.
static void fillDocuments(const Workload &work) {
  for (const CaptureArg &capture : work.args().captures) {
    const auto *tensor = std::get_if<Tensor>(&capture.value);
    if (!tensor || capture.name != "doc")
      continue;
    std::mt19937 random(1);
    auto *ids = static_cast<int32_t *>(tensor->data);
    for (int64_t i = 0, id = 0; i < tensor->shape[0]; ++id)
      for (int64_t end =
               std::min<int64_t>(tensor->shape[0], i + 1000 + random() % 2001);
           i < end; ++i)
        ids[i] = static_cast<int32_t>(id);
  }
}

Expected<Workload *> Group::add(const Subject &subject, int64_t S, int64_t D,
                                int threads) {
  auto work = Workload::create(engine, subject.mod, {1, 1, 1, S, S, D, D},
                               {.threads = threads, .prepare = fillDocuments});
  if (!work)
    return fail(Error(work.error()).in(subject.name));
  workloads.push_back(std::move(*work));
  return workloads.back().get();
}

Expected<void> Group::measure(double seconds) {
  tool::Progress progress("measuring tiles");
  auto measured = tool::interleave(
      contestants, {.seconds = seconds,
                    .progress = [&](double share) { progress.report(share); }});
  if (!measured)
    return fail(measured.error());
  rounds = std::move(*measured);
  return {};
}

/// Decisions over attention.
static Expected<void> measureShares(Engine &engine, double seconds, int64_t S,
                                    std::span<const Subject> subjects,
                                    std::vector<Figure> &figures) {
  struct Pair {
    const Subject *subject;
    size_t decisions, run;
  };
  Group group(engine);
  std::vector<Pair> pairs;
  for (const Subject &subject : subjects) {
    Expected<Workload *> work = group.add(subject, S, 128);
    if (!work)
      return fail(work.error());
    pairs.push_back(
        {&subject, group.timeDecisions(*work), group.timeRuns(*work)});
  }
  if (Expected<void> ok = group.measure(seconds); !ok)
    return ok;
  for (const Pair &pair : pairs) {
    std::optional<Target> target;
    const std::string_view name = pair.subject->name;
    if (S >= 32768 && (name == kWindow1k.name || name == kDocuments.name))
      target = Target{Sense::AtMost, 0.01};
    Figure figure =
        costFigure(fmt::format("decisions over attention, {}, S={}", name, S),
                   group.of(pair.decisions), group.of(pair.run), target);
    figure.note = fmt::format("{:.3f} of {:.0f} ms",
                              std::ranges::min(group.of(pair.decisions)),
                              std::ranges::min(group.of(pair.run)));
    figures.push_back(std::move(figure));
  }
  return {};
}

/// Time a kept pair, windows over causal.
static Expected<void> measureProportion(Engine &engine, double seconds,
                                        std::vector<Figure> &figures) {
  constexpr int64_t S = 32768;
  Group group(engine);
  Expected<Workload *> whole = group.add(kCausal, 8192, 128);
  if (!whole)
    return fail(whole.error());
  const size_t base = group.timeRuns(*whole);
  struct Window {
    const Subject *subject;
    double atMost;
    Workload *work;
    size_t run;
  };
  std::vector<Window> windows;
  for (auto [subject, atMost] :
       {std::pair{&kWindow4k, 1.15}, {&kWindow1k, 1.15}, {&kWindow256, 1.40}}) {
    Expected<Workload *> work = group.add(*subject, S, 128);
    if (!work)
      return fail(work.error());
    windows.push_back({subject, atMost, *work, group.timeRuns(*work)});
  }
  if (Expected<void> ok = group.measure(seconds); !ok)
    return ok;
  for (const Window &window : windows) {
    // Times, as if each kept as many pairs as the causal mask.
    std::vector<double> scaled(group.of(window.run).begin(),
                               group.of(window.run).end());
    for (double &ms : scaled)
      ms *= (*whole)->flops() / window.work->flops();
    figures.push_back(costFigure(
        fmt::format("time a kept pair, {}, S={}, over causal",
                    window.subject->name, S),
        scaled, group.of(base), Target{Sense::AtMost, window.atMost}));
  }
  return {};
}

/// Making the mask a tensor, over deciding its tiles.
static Expected<void> measureMaterialized(Engine &engine, double seconds,
                                          int64_t S,
                                          std::vector<Figure> &figures) {
  for (const Subject &subject : {kWindow1k, kDocuments}) {
    Group group(engine);
    Expected<Workload *> work = group.add(subject, S, 128);
    if (!work)
      return fail(work.error());
    Workload *workload = *work;
    std::vector<uint8_t> bytes(static_cast<size_t>(S * S));
    const size_t mask = group.time("mask", [&, workload]() -> Expected<double> {
      tool::Stopwatch stopwatch;
      Expected<void> done = materializeMask(
          workload->program(), workload->args(),
          Tensor::contiguous(bytes.data(), DType::Bool, {1, 1, S, S}));
      return done ? Expected<double>(stopwatch.ms()) : fail(done.error());
    });
    const size_t decisions = group.timeDecisions(workload);
    const size_t run = group.timeRuns(workload);
    if (Expected<void> ok = group.measure(seconds / 2); !ok)
      return ok;
    Figure figure =
        costFigure(fmt::format("mask as a tensor over decisions, {}, S={}",
                               subject.name, S),
                   group.of(mask), group.of(decisions), std::nullopt);
    figure.note = fmt::format(
        "{:.0f} ms and {} MB against {:.3f} ms; attention {:.0f} ms",
        std::ranges::min(group.of(mask)), S * S / 1000000,
        std::ranges::min(group.of(decisions)), std::ranges::min(group.of(run)));
    figures.push_back(std::move(figure));
  }
  return {};
}

/// The classifier alone over a million positions. Tensors of one column, since
/// none is read.
static Expected<void> measureMillion(Engine &engine, double seconds,
                                     std::vector<Figure> &figures) {
  constexpr int64_t S = 1 << 20;
  for (const Subject &subject :
       {kCausal, kWindow1k, kDocuments, kNeighbourhood}) {
    Group group(engine);
    Expected<Workload *> work = group.add(subject, S, 1);
    if (!work)
      return fail(work.error());
    const size_t decisions = group.timeDecisions(*work);
    if (Expected<void> ok = group.measure(seconds / 4); !ok)
      return ok;
    Figure figure =
        timeFigure(fmt::format("decisions alone, {}, S={}", subject.name, S),
                   "ms", group.of(decisions));
    const bool reads = !(*work)->args().captures.empty();
    figure.note = fmt::format(
        "{} KB", ((*work)->costBytes() + (reads ? S * 4 : 0)) / 1000);
    figures.push_back(std::move(figure));
  }
  return {};
}

/// Two threads over one.
static Expected<void> measureBalance(Engine &engine, double seconds,
                                     std::vector<Figure> &figures) {
  for (const Subject &subject : {kCausal, kDocuments}) {
    constexpr int64_t S = 8192;
    Group group(engine);
    Expected<Workload *> one = group.add(subject, S, 128, 1);
    Expected<Workload *> two = group.add(subject, S, 128, 2);
    if (!one || !two)
      return fail(one ? two.error() : one.error());
    const size_t serial = group.timeRuns(*one), threaded = group.timeRuns(*two);
    if (Expected<void> ok = group.measure(seconds / 2); !ok)
      return ok;
    figures.push_back(speedupFigure(
        fmt::format("two threads, {}, one head, S={}", subject.name, S),
        group.of(threaded), group.of(serial), Target{Sense::AtLeast, 1.8}));
  }
  return {};
}

Expected<std::vector<Figure>> bench::measureSparsity(double seconds) {
  EngineOptions options;
  options.diskCache = false;
  Expected<Engine> engine = Engine::create(std::move(options));
  if (!engine)
    return fail(engine.error());
  constexpr Subject kAll[] = {kCausal, kWindow1k, kWindow256, kDocuments,
                              kNeighbourhood};
  constexpr Subject kNarrow[] = {kWindow1k, kWindow256, kDocuments,
                                 kNeighbourhood};
  std::vector<Figure> figures;
  const double part = seconds / 8;
  auto all = [&]() -> Expected<void> {
    if (auto ok = measureShares(*engine, part, 4096, kAll, figures); !ok)
      return ok;
    if (auto ok = measureShares(*engine, part, 32768, kAll, figures); !ok)
      return ok;
    if (auto ok = measureShares(*engine, part, 262144, kNarrow, figures); !ok)
      return ok;
    if (auto ok = measureMillion(*engine, part, figures); !ok)
      return ok;
    if (auto ok = measureProportion(*engine, part, figures); !ok)
      return ok;
    for (int64_t S : {4096, 16384})
      if (auto ok = measureMaterialized(*engine, part, S, figures); !ok)
        return ok;
    return measureBalance(*engine, part, figures);
  };
  if (Expected<void> ok = all(); !ok)
    return fail(ok.error());
  return figures;
}
