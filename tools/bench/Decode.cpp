//===- Decode.cpp - Speed of decoding -------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One query against long K and V that lie outside the caches. The least that
// can be done is to read them once, which a plain loop over the same bytes
// with the same threads does in the same round.
//
//===----------------------------------------------------------------------===//

#include "Scenarios.h"
#include "Workload.h"

#include "support/Peak.h"
#include "support/Progress.h"

#include <fmt/format.h>

#include <atomic>
#include <cstring>

using namespace attnjit;
using namespace attnjit::bench;

using tool::Contestant;
using Sense = Target::Sense;

namespace {
struct Subject {
  const char *name;
  tool::Shape shape;
  DType dtype;
  int threads;
  std::optional<double> streamShare, peakShare; ///< targets
};
} // namespace

static constexpr Subject kSubjects[] = {{"f32 GQA 8 Skv=8192",
                                         {4, 32, 4, 1, 8192, 128, 128},
                                         DType::F32,
                                         1,
                                         0.60,
                                         std::nullopt},
                                        {"f32 GQA 8 Skv=65536",
                                         {1, 16, 2, 1, 65536, 128, 128},
                                         DType::F32,
                                         1,
                                         0.60,
                                         std::nullopt},
                                        {"f32 GQA 8 Skv=65536",
                                         {1, 16, 2, 1, 65536, 128, 128},
                                         DType::F32,
                                         2,
                                         0.60,
                                         std::nullopt},
                                        {"f32 MHA Skv=16384",
                                         {1, 8, 8, 1, 16384, 128, 128},
                                         DType::F32,
                                         1,
                                         std::nullopt,
                                         std::nullopt},
                                        {"f16 GQA 8 Skv=65536",
                                         {1, 32, 4, 1, 65536, 128, 128},
                                         DType::F16,
                                         1,
                                         std::nullopt,
                                         0.65},
                                        {"bf16 GQA 8 Skv=65536",
                                         {1, 32, 4, 1, 65536, 128, 128},
                                         DType::BF16,
                                         1,
                                         std::nullopt,
                                         0.65},
                                        {"bf16 GQA 8 Skv=65536",
                                         {1, 32, 4, 1, 65536, 128, 128},
                                         DType::BF16,
                                         2,
                                         std::nullopt,
                                         std::nullopt}};

static std::optional<Target> atLeast(std::optional<double> value) {
  if (!value)
    return std::nullopt;
  return Target{Sense::AtLeast, *value};
}

/// Folds a piece of memory into a word: nothing but loads and xors.
static uint64_t fold(const std::byte *data, int64_t bytes) {
  constexpr int64_t kWords = 16;
  uint64_t sums[kWords] = {};
  for (int64_t at = 0; at + int64_t(sizeof sums) <= bytes; at += sizeof sums) {
    uint64_t words[kWords];
    std::memcpy(words, data + at, sizeof words);
    for (int64_t i = 0; i < kWords; ++i)
      sums[i] ^= words[i];
  }
  uint64_t result = 0;
  for (uint64_t sum : sums)
    result ^= sum;
  return result;
}

/// Milliseconds of reading the workload's k and v once.
static double measureStreamMs(const Workload &workload) {
  constexpr int64_t kPiece = 1 << 18;
  static std::atomic<uint64_t> sink;
  tool::Stopwatch stopwatch;
  for (const Tensor *tensor : {&workload.args().k, &workload.args().v}) {
    int64_t bytes = sizeBytes(tensor->dtype);
    for (int axis = 0; axis < 4; ++axis)
      bytes *= tensor->shape[axis];
    const auto *data = static_cast<const std::byte *>(tensor->data);
    workload.threadPool().parallelFor(
        (bytes + kPiece - 1) / kPiece, [&](int64_t begin, int64_t end, int) {
          sink ^= fold(data + begin * kPiece,
                       std::min(bytes, end * kPiece) - begin * kPiece);
        });
  }
  return stopwatch.ms();
}

Expected<std::vector<Figure>> bench::measureDecode(double seconds) {
  EngineOptions options;
  options.diskCache = false;
  Expected<Engine> engine = Engine::create(std::move(options));
  if (!engine)
    return fail(engine.error());
  std::vector<Figure> figures;
  tool::Progress progress("measuring decoding");
  double done = 0;
  // One at a time: together they would not fit the memory of small machines.
  for (const Subject &subject : kSubjects) {
    auto work =
        Workload::create(*engine, "", subject.shape,
                         {.threads = subject.threads, .dtype = subject.dtype});
    if (!work)
      return fail(Error(work.error()).in(subject.name));
    Workload &workload = **work;
    if (workload.threads() != subject.threads)
      continue;
    const Contestant contestants[] = {
        {"run", [&] { return workload.measureMs(); }},
        {"stream",
         [&]() -> Expected<double> { return measureStreamMs(workload); }},
        {"peak", [&]() -> Expected<double> {
           return tool::measureFmaPeak(subject.threads, 0.005);
         }}};
    const double share = 1.0 / std::size(kSubjects);
    auto rounds = tool::interleave(
        contestants, {.seconds = seconds * share, .progress = [&](double part) {
                        progress.report(done + part * share);
                      }});
    if (!rounds)
      return fail(rounds.error());
    done += share;
    const std::string name =
        fmt::format("decode {}, {} thread{}", subject.name, subject.threads,
                    subject.threads == 1 ? "" : "s");
    const auto &run = (*rounds)[0], &stream = (*rounds)[1];
    figures.push_back(speedupFigure(name + ", of a stream read", run, stream,
                                    atLeast(subject.streamShare)));
    figures.push_back(peakShareFigure(name + ", of the FMA peak",
                                      workload.flops(), run, (*rounds)[2],
                                      atLeast(subject.peakShare)));
  }
  return figures;
}
