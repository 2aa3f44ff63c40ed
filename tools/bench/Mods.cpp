//===- Mods.cpp - What mods cost ------------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Mods against the plain kernel at the same shape. All run once a round. Masks
// leave no tile out and are evaluated for each pair, so that a ratio says what
// deciding costs, not what skipping saves.
//
//===----------------------------------------------------------------------===//

#include "Scenarios.h"
#include "Workload.h"

#include "support/Progress.h"

using namespace attnjit;
using namespace attnjit::bench;

using tool::Contestant;
using Sense = Target::Sense;

namespace {
struct Subject {
  const char *name;
  const char *mod;
  std::optional<double> atMost; ///< times the plain kernel
  MaskTensor mask = MaskTensor::None;
};
} // namespace

// The buckets of T5 in both directions, as its authors compute them.
#define T5_DISTANCES                                                           \
  "let r = kv - q\n"                                                           \
  "let d = abs(r)\n"

static constexpr Subject kSubjects[] = {
    {"ALiBi",
     "buffer slopes : f32[Hq]\n"
     "score = score + slopes[h] * (kv - q)\n",
     1.06},
    {"softcap", "score = 50.0 * tanh(score / 50.0)\n", 1.12},
    {"bias f32[Sq, Skv]",
     "buffer bias : f32[Sq, Skv]\n"
     "score = score + bias[q, kv]\n",
     1.25},
    {"bias f16[Hq, Sq, Skv]",
     "buffer bias : f16[Hq, Sq, Skv]\n"
     "score = score + bias[h, q, kv]\n",
     std::nullopt},
    {"T5 buckets, computed",
     "buffer table : f32[32, Hq]\n" T5_DISTANCES
     "let far = log2(d / 8) / 4.0 * 8\n"
     "let large = min(8 + i32(far + 1e-4), 15)\n"
     "let bucket = (16 if r > 0 else 0) + (d if d < 8 else large)\n"
     "score = score + table[bucket, h]\n",
     1.40},
    {"T5 buckets, from a table",
     "buffer buckets : i32[4096] in [0, 31]\n"
     "buffer table : f32[32, Hq]\n"
     "score = score + table[buckets[kv - q + 2048], h]\n",
     std::nullopt},
    {"relative positions, clamped",
     "buffer table : f32[257]\n"
     "score = score + table[clamp(kv - q, -128, 128) + 128]\n",
     std::nullopt},
    {"documents, two at random",
     "buffer doc : i32[Skv] in [7, 8]\n"
     "mask = doc[q] == doc[kv]\n",
     std::nullopt},
    {"mask tensor [Sq, Skv]", "", std::nullopt, MaskTensor::PerPair},
    {"mask tensor [1, Skv]", "", std::nullopt, MaskTensor::PerKey},
};

#undef T5_DISTANCES

Expected<std::vector<Figure>> bench::measureMods(double seconds) {
  EngineOptions options;
  options.diskCache = false;
  Expected<Engine> engine = Engine::create(std::move(options));
  if (!engine)
    return fail(engine.error());

  const tool::Shape shape = {1, 1, 1, 2048, 2048, 128, 128};
  std::vector<std::unique_ptr<Workload>> workloads;
  std::vector<Contestant> contestants;
  auto add = [&](const Subject &subject) -> Expected<void> {
    auto work =
        Workload::create(*engine, subject.mod, shape, {.mask = subject.mask});
    if (!work)
      return fail(Error(work.error()).in(subject.name));
    Workload *workload = work->get();
    workloads.push_back(std::move(*work));
    contestants.push_back(
        {subject.name, [workload] { return workload->measureMs(); }});
    return {};
  };
  if (Expected<void> ok = add({"plain", "", std::nullopt}); !ok)
    return fail(ok.error());
  for (const Subject &subject : kSubjects)
    if (Expected<void> ok = add(subject); !ok)
      return fail(ok.error());

  tool::Progress progress("measuring mods");
  auto rounds = tool::interleave(
      contestants, {.seconds = seconds,
                    .progress = [&](double share) { progress.report(share); }});
  if (!rounds)
    return fail(rounds.error());
  std::vector<Figure> figures;
  for (size_t i = 0; i < std::size(kSubjects); ++i) {
    std::optional<Target> target;
    if (kSubjects[i].atMost)
      target = Target{Sense::AtMost, *kSubjects[i].atMost};
    figures.push_back(costFigure(std::string(kSubjects[i].name) + " over plain",
                                 (*rounds)[i + 1], (*rounds)[0], target));
  }
  return figures;
}
