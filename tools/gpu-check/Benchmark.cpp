//===- Benchmark.cpp - Speeds beside those of others ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Benchmark.h"

#include "support/Measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace attnjit;
using namespace attnjit::gpucheck;

// Reading tensors, counting pairs, compiling: some seconds at most.
static constexpr double kOursSeconds = 60;
// A few implementations, each compiled before.
static constexpr double kPeersSeconds = 90;
// What is compiled beforehand, by several processes at once.
static constexpr double kReadySeconds = 180;

/// What `attn-jit bench` prints; {"reason"} where it fails.
static Json measureOurs(const ToolSetup &setup, const ToolCase &toolCase,
                        double seconds) {
  tool::CommandLine command = setup.command("bench", toolCase);
  command.insert(command.end(), {"--seconds", fmt::format("{}", seconds)});
  Expected<tool::ProcessResult> result =
      tool::runProcess(command, {.timeoutSeconds = kOursSeconds});
  if (!result)
    return {{"reason", result.error().message()}};
  Json json = parseOutput(result->output);
  if (!result->end.succeeded() || !json.contains("median_ms"))
    return {{"reason", fmt::format("{}: {}", result->end.text(),
                                   lastLine(result->errors))}};
  return json;
}

/// A number under a key, else NaN, which JSON shows as null.
static double numberAt(const Json &json, const char *key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>()
                                                   : std::nan("");
}

static double tflops(const Shape &shape, double kept, double ms) {
  return shape.flops(kept) / ms * 1e-9;
}

/// Bytes of q, k, v and out.
static double tensorBytes(const Shape &s) {
  constexpr double kElement = 2;
  return kElement * double(s.B) *
         (double(s.Hq) * double(s.Sq) * double(s.D + s.Dv) +
          double(s.Hkv) * double(s.Skv) * double(s.D + s.Dv));
}

/// An entry of the record: ours from both measurements, and of each peer the
/// speed, or why there is none.
static Json makeEntry(const BenchCase &benchCase, const Json &before,
                      const Json &theirs, const Json &after) {
  const ToolCase &toolCase = benchCase.toolCase;
  const Shape &shape = toolCase.shape;
  const double firstMs = numberAt(before, "median_ms");
  const double secondMs = numberAt(after, "median_ms");
  const double ms = (firstMs + secondMs) / 2;
  const double kept = numberAt(before, "kept_fraction");
  Json entry = {
      {"mod", toolCase.mod},
      {"dtype", name(toolCase.dtype)},
      {"shape", shapeJson(shape)},
      {"kernel", before.value("target", Json())},
      {"median_ms", ms},
      {"tflops", tflops(shape, kept, ms)},
      {"peers", Json::object()},
      {"both_medians_ms", {firstMs, secondMs}},
      {"min_ms",
       std::fmin(numberAt(before, "min_ms"), numberAt(after, "min_ms"))},
      {"kept_fraction", kept},
      {"compile_ms",
       {{before.value("cache", "none"), numberAt(before, "compile_ms")},
        {after.value("cache", "none"), numberAt(after, "compile_ms")}}},
      {"gb_per_s", tensorBytes(shape) / ms * 1e-6}};
  for (const Json *ours : {&before, &after})
    if (ours->contains("reason"))
      entry["reason"] = (*ours)["reason"];
  Json reasons = Json::object(), times = Json::object();
  if (theirs.contains("reason"))
    reasons["all"] = theirs["reason"];
  for (const char *peer :
       {"sdpa_cudnn", "sdpa_flash", "flex_triton", "flex_flash"})
    entry["peers"][peer] = nullptr;
  const Json found = theirs.value("peers", Json::object());
  for (const auto &[peer, result] : found.items()) {
    const double peerMs = numberAt(result, "ms");
    entry["peers"][peer] = tflops(shape, kept, peerMs);
    times[peer] = peerMs;
    if (result.contains("reason"))
      reasons[peer] = result["reason"];
  }
  entry["peers_ms"] = std::move(times);
  entry["peers_missing"] = std::move(reasons);
  // Making a block mask, copying on the device: what is no attention.
  for (const char *key : {"block_mask_ms", "copy_gb_per_s"})
    if (theirs.contains(key))
      entry[key] = theirs[key];
  return entry;
}

/// One line: ours, the fastest peer, and how they compare.
static void print(const BenchCase &benchCase, const Json &entry) {
  const double ours = numberAt(entry, "median_ms");
  std::string best = "no peer";
  double bestMs = std::nan("");
  for (const auto &[peer, ms] : entry["peers_ms"].items())
    if (ms.is_number() && !(ms.get<double>() >= bestMs)) {
      bestMs = ms.get<double>();
      best = peer;
    }
  fmt::print("{:17} {:52} {:9.3f} ms {:7.1f} TFLOP/s  {}",
             benchCase.toolCase.mod, benchCase.toolCase.shape.text(), ours,
             numberAt(entry, "tflops"), best);
  if (!std::isnan(bestMs))
    fmt::print(" {:.3f} ms: {:.2f} of its speed", bestMs, bestMs / ours);
  if (entry.contains("reason"))
    fmt::print("  {}", entry["reason"].dump());
  fmt::print("\n");
  std::fflush(stdout);
}

Expected<void> gpucheck::runBenchmark(const ToolSetup &setup,
                                      const std::vector<BenchCase> &cases,
                                      Peers &peers, const BenchOptions &options,
                                      Record &record) {
  const tool::Stopwatch stopwatch;
  record.peers =
      peers.waitUntilReady(std::min(kReadySeconds, options.seconds / 2));
  record.peers["waited_s"] = stopwatch.ms() * 1e-3;
  int late = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    const ToolCase &toolCase = cases[i].toolCase;
    if (stopwatch.ms() > options.seconds * 1e3) {
      ++late;
      continue;
    }
    const Json before = measureOurs(setup, toolCase, options.caseSeconds);
    const Json theirs = peers.measure(i, kPeersSeconds);
    const Json after = measureOurs(setup, toolCase, options.caseSeconds);
    record.bench.push_back(makeEntry(cases[i], before, theirs, after));
    print(cases[i], record.bench.back());
    if (Expected<void> ok = record.write(); !ok)
      return ok;
  }
  if (late)
    record.skips.push_back(
        fmt::format("{} cases of the benchmark: {:.0f} s were over", late,
                    options.seconds));
  return {};
}
