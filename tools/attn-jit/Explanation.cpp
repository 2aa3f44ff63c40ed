//===- Explanation.cpp - What the compiler knows of a mod -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Explanation.h"

#include "support/Measure.h"
#include "support/Progress.h"

#include "attnjit/Analysis/ProbScaling.h"
#include "attnjit/Analysis/ReadableBounds.h"
#include "attnjit/Analysis/SplitMask.h"
#include "attnjit/Expr/Simplify.h"
#include "attnjit/Spec/Schedule.h"
#include "attnjit/Text/Printer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <mutex>

using namespace attnjit;
using namespace attnjit::tool;

/// Longest expression that is printed.
static constexpr size_t kMaxExprLength = 240;
/// Inexact tiles that are named.
static constexpr size_t kMaxExamples = 5;

//===----------------------------------------------------------------------===//
// Brute force
//===----------------------------------------------------------------------===//

/// Compares one row of tiles.
static void compareRow(TileClassifier &classifier, const TileGrid &grid,
                       int64_t row, BruteForceCounts &counts) {
  for (int64_t column = 0; column < grid.columns(); ++column) {
    const PairBox box = grid.tile(row, column);
    const int64_t kept = classifier.countKept(box);
    const TileKind actual = kept == 0             ? TileKind::Empty
                            : kept == box.pairs() ? TileKind::Full
                                                  : TileKind::Partial;
    const TileKind claimed = classifier.classify(box);
    ++counts.actual[static_cast<size_t>(actual)];
    counts.keptPairs += kept;
    if (claimed == actual)
      continue;
    if (claimed != TileKind::Partial)
      ++counts.wrong;
    else
      ++(actual == TileKind::Empty ? counts.missedEmpty : counts.missedFull);
    if (counts.examples.size() < kMaxExamples)
      counts.examples.push_back(box);
  }
}

static void addTo(BruteForceCounts &sum, const BruteForceCounts &part) {
  for (size_t kind = 0; kind < sum.actual.size(); ++kind)
    sum.actual[kind] += part.actual[kind];
  sum.missedEmpty += part.missedEmpty;
  sum.missedFull += part.missedFull;
  sum.wrong += part.wrong;
  sum.keptPairs += part.keptPairs;
  std::ranges::copy(part.examples, std::back_inserter(sum.examples));
}

/// Every pair of every tile, on all threads.
static Expected<BruteForceCounts> countByPairs(const ModProgram &mod,
                                               const Problem &problem,
                                               const ExplainOptions &options,
                                               TileSize tile) {
  Progress progress("evaluating every pair");
  ProgressExecutor executor(makeThreadedExecutor(options.threads), progress);
  struct Worker {
    MaskPlane plane;
    BruteForceCounts counts;
  };
  std::vector<Worker> workers;
  for (int slot = 0; slot < executor.concurrency(); ++slot) {
    Expected<MaskPlane> plane = MaskPlane::create(mod, problem, options.plane);
    if (!plane)
      return fail(plane.error());
    workers.push_back({std::move(*plane), {}});
  }
  const TileGrid grid = workers[0].plane.grid(tile.q, tile.kv);
  executor.parallelFor(grid.rows(), [&](int64_t begin, int64_t end, int slot) {
    Worker &worker = workers[static_cast<size_t>(slot)];
    for (int64_t row = begin; row < end; ++row)
      compareRow(worker.plane.classifier(), grid, row, worker.counts);
  });
  BruteForceCounts sum;
  for (const Worker &worker : workers)
    addTo(sum, worker.counts);
  std::ranges::sort(sum.examples, {}, [](const PairBox &box) {
    return std::pair(box.i0, box.j0);
  });
  if (sum.examples.size() > kMaxExamples)
    sum.examples.resize(kMaxExamples);
  return sum;
}

//===----------------------------------------------------------------------===//
// Gathering
//===----------------------------------------------------------------------===//

void Explanation::findHoisted(const ModProgram &mod) {
  struct Hook {
    const char *name;
    const Expr &expr;
  };
  for (const Hook &hook : {Hook{"mask", mod.mask()}, Hook{"score", mod.score()},
                           Hook{"prob", mod.prob()}})
    for (const SharedValue &value : findSharedValues(simplify(hook.expr)))
      if (value.expr != hook.expr || value.by != SharedBy::Head)
        hoisted.push_back({hook.name, value});
}

void Explanation::findFacts(const ModProgram &mod) {
  if (!mod.prob())
    return;
  const bool scales = scalesWithProb(mod.prob());
  passes = scales || mod.normalize() == Normalize::None ? 1 : 2;
  findings.push_back(
      {"the prob mod needs one pass over the keys",
       passes == 1 ? "proven" : "undecided",
       passes == 1 ? "it may come before the division by the row's sum"
                   : "two passes are made: one for the sums, one for out"});
}

void Explanation::measureWork(const Problem &problem) {
  const Shape &s = shape;
  const double queries = double(s.B) * double(s.Hq) * double(s.Sq);
  const double keys = double(s.B) * double(s.Hkv) * double(s.Skv);
  bytes = (queries + keys) * double(s.D + s.Dv) * double(sizeBytes(dtype));
  for (const CaptureArg &capture : problem.args().captures)
    if (const auto *buffer = std::get_if<Tensor>(&capture.value))
      bytes += double(buffer->elements()) * double(sizeBytes(buffer->dtype));
}

double Explanation::keptFraction() const {
  const double pairs = double(shape.Sq) * double(shape.Skv);
  if (pairs == 0)
    return 0;
  if (bruteForce)
    return double(bruteForce->keptPairs) / pairs;
  return kept.pairs / pairs;
}

Expected<Explanation> Explanation::create(const ModProgram &written,
                                          const Problem &problem,
                                          const ExplainOptions &options) {
  Expected<TargetSpec> host = TargetSpec::host();
  if (!host)
    return fail(host.error());
  const ModProgram mod = inferMask(written);
  Explanation result;
  result.modName = written.name();
  result.shape = problem.shape();
  result.dtype = problem.spec().dtype;
  result.plane = options.plane;
  result.entry = problem.entry(written, *host);
  const auto prefill = PrefillSchedule::choose(problem.spec(), *host);
  const auto decode = DecodeSchedule::choose(problem.spec(), *host);
  const bool isPrefill = result.entry == Entry::Prefill;
  result.isKernelTile = !options.tile;
  result.tile = options.tile.value_or(
      isPrefill ? TileSize{prefill.strip(), prefill.blockKv}
                : TileSize{1, decode.blockKv});
  result.schedule =
      isPrefill
          ? fmt::format("work items of {} queries, strips of {}, blocks of {} "
                        "keys, tiles of {} keys by a strip",
                        prefill.blockQ, prefill.strip(), prefill.blockKv,
                        prefill.rows)
          : fmt::format("work items of {} rows (query heads of a group x "
                        "queries), blocks of {} keys",
                        decode.blockRows, decode.blockKv);

  Expected<MaskPlane> plane =
      MaskPlane::create(written, problem, options.plane);
  if (!plane)
    return fail(plane.error());
  result.mask = plane->mask();
  result.bounds = plane->classifier().bounds();
  result.sameForAllHeads = !result.mask || !(result.mask->dependsOn(Var::B) ||
                                             result.mask->dependsOn(Var::H) ||
                                             result.mask->dependsOn(Var::KvH));
  const Stopwatch watch;
  result.counts = countTiles(plane->classifier(),
                             plane->grid(result.tile.q, result.tile.kv));
  result.classifyMs = watch.ms();
  result.kept = countKeptPairs(plane->classifier(), result.counts);
  if (options.bruteForce) {
    Expected<BruteForceCounts> counted =
        countByPairs(written, problem, options, result.tile);
    if (!counted)
      return fail(counted.error());
    result.bruteForce = std::move(*counted);
  }
  result.findHoisted(mod);
  result.findFacts(mod);
  result.measureWork(problem);
  return result;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static Json jsonOf(const PairBox &box) {
  return {{"q", {box.i0, box.i1}}, {"kv", {box.j0, box.j1}}};
}

static Json jsonOf(const BruteForceCounts &counts) {
  Json examples = Json::array();
  for (const PairBox &box : counts.examples)
    examples.push_back(jsonOf(box));
  auto of = [&](TileKind kind) {
    return counts.actual[static_cast<size_t>(kind)];
  };
  return {{"empty", of(TileKind::Empty)},
          {"full", of(TileKind::Full)},
          {"partial", of(TileKind::Partial)},
          {"missed_empty", counts.missedEmpty},
          {"missed_full", counts.missedFull},
          {"wrong", counts.wrong},
          {"examples", examples}};
}

Json Explanation::json() const {
  auto count = [](double tiles) { return std::llround(tiles); };
  Json hoistedJson = Json::array();
  for (const Hoisted &entry : hoisted)
    hoistedJson.push_back(
        {{"hook", entry.hook},
         {"by", name(entry.value.by)},
         {"expr", printExpr(entry.value.expr, kMaxExprLength)}});
  Json proofs = Json::array();
  for (const Finding &finding : findings)
    proofs.push_back({{"claim", finding.claim},
                      {"verdict", finding.verdict},
                      {"because", finding.because}});
  const double keptShare = keptFraction();
  return {
      {"mod", modName},
      {"shape",
       {{"B", shape.B},
        {"Hq", shape.Hq},
        {"Hkv", shape.Hkv},
        {"Sq", shape.Sq},
        {"Skv", shape.Skv},
        {"D", shape.D},
        {"Dv", shape.Dv}}},
      {"batch", plane.b},
      {"head", plane.h},
      {"tile", {tile.q, tile.kv}},
      {"tiles",
       {{"total", count(counts.total)},
        {"empty", count(counts.empty)},
        {"full", count(counts.full)},
        {"partial", count(counts.partial)},
        {"exact", counts.exact}}},
      {"brute_force", bruteForce ? jsonOf(*bruteForce) : Json()},
      {"classify_ms", classifyMs},
      {"decisions", counts.decisions},
      {"kept_fraction", keptShare},
      {"kept_exact", bruteForce || kept.exact},
      {"work_saved", counts.total > 0 ? counts.empty / counts.total : 0.0},
      {"bounds",
       {{"mask", mask ? Json(printExpr(mask, kMaxExprLength)) : Json()},
        {"empty", printExpr(readableBound(bounds.empty), kMaxExprLength)},
        {"full", printExpr(readableBound(bounds.full), kMaxExprLength)},
        {"same_for_all_heads", sameForAllHeads}}},
      {"hoisted", hoistedJson},
      {"proofs", proofs},
      {"entry", nameOf(entry)},
      {"schedule", schedule},
      {"passes", passes},
      {"flops", shape.flops(keptShare)},
      {"flops_unmasked", shape.flops(1)},
      {"bytes", bytes},
  };
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// "12.3 GFLOP": three digits and a unit.
static std::string withUnit(double value, const char *unit) {
  constexpr const char *kPrefixes[] = {"", "k", "M", "G", "T", "P"};
  size_t prefix = 0;
  while (value >= 999.5 && prefix + 1 < std::size(kPrefixes)) {
    value /= 1000;
    ++prefix;
  }
  return fmt::format("{:.3g} {}{}", value, kPrefixes[prefix], unit);
}

static std::string percent(double part, double whole) {
  return fmt::format("{:.2f} %", whole > 0 ? 100 * part / whole : 0.0);
}

std::string Explanation::tileText() const {
  std::string text = fmt::format(
      "\ntiles of {} queries x {} keys{}, batch entry {}, head {}{}\n", tile.q,
      tile.kv, isKernelTile ? " (the kernel's)" : "", plane.b, plane.h,
      sameForAllHeads ? " (all heads alike)" : "");
  auto line = [&](const char *label, double tiles, int64_t actual) {
    text += fmt::format("  {:<9}{:>16.0f}  {:>9}", label, tiles,
                        percent(tiles, counts.total));
    if (bruteForce)
      text += fmt::format("   in fact {}", actual);
    text += '\n';
  };
  auto actual = [&](TileKind kind) {
    return bruteForce ? bruteForce->actual[static_cast<size_t>(kind)] : 0;
  };
  line("empty", counts.empty, actual(TileKind::Empty));
  line("full", counts.full, actual(TileKind::Full));
  line("partial", counts.partial, actual(TileKind::Partial));
  text += fmt::format("  {:<9}{:>16.0f}   {}, by {} decisions in {:.1f} ms\n",
                      "total", counts.total,
                      counts.exact ? "each decided"
                                   : "estimated from a part, since little of "
                                     "the matrix is decided in large pieces",
                      counts.decisions, classifyMs);
  if (bruteForce) {
    text += fmt::format("  not found: {} empty, {} full; wrong: {}\n",
                        bruteForce->missedEmpty, bruteForce->missedFull,
                        bruteForce->wrong);
    for (const PairBox &box : bruteForce->examples)
      text += fmt::format("    for example queries {} to {}, keys {} to {}\n",
                          box.i0, box.i1 - 1, box.j0, box.j1 - 1);
  }
  text += fmt::format("  kept pairs {}{}; tiles left out {}\n",
                      percent(keptFraction(), 1),
                      bruteForce || kept.exact ? "" : " (estimated)",
                      percent(counts.empty, counts.total));
  return text;
}

std::string Explanation::text() const {
  std::string text =
      fmt::format("{}, {} {}\n", modName.empty() ? "mod" : modName,
                  shape.text(), name(dtype));
  auto line = [&](const char *label, const Expr &expr) {
    text += fmt::format("  {:<12}{}\n", label, printExpr(expr, kMaxExprLength));
  };
  if (mask) {
    text += "\nmask\n";
    line("keeps", mask);
    line("tile empty", readableBound(bounds.empty));
    line("tile full", readableBound(bounds.full));
  } else {
    text += "\nno mask: every tile is full\n";
  }
  text += tileText();
  if (!hoisted.empty())
    text += "\nshared by the pairs of a head, query, key or distance\n";
  for (const Hoisted &entry : hoisted)
    text += fmt::format("  {:<9} {:<6} {}\n", name(entry.value.by), entry.hook,
                        printExpr(entry.value.expr, kMaxExprLength));
  if (!findings.empty())
    text += "\nproofs\n";
  for (const Finding &finding : findings)
    text += fmt::format("  {:<10}{}{}{}\n", finding.verdict, finding.claim,
                        finding.because.empty() ? "" : ": ", finding.because);
  text += fmt::format("\nkernel\n  entry       {}\n  schedule    {}\n"
                      "  passes      {}\n",
                      nameOf(entry), schedule, passes);
  text += fmt::format(
      "  arithmetic  {} of {} without the mask\n  memory      {}, each tensor "
      "once\n",
      withUnit(shape.flops(keptFraction()), "FLOP"),
      withUnit(shape.flops(1), "FLOP"), withUnit(bytes, "B"));
  return text;
}
