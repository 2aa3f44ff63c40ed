//===- Peak.cpp - The machine's FMA peak, measured ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Peak.h"

#include "support/Measure.h"

#include <fmt/format.h>

#include <immintrin.h>

#include <algorithm>
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

using namespace attnjit;
using namespace attnjit::tool;

/// Two FMAs a cycle of latency 4 or 5 need 8 to 10 independent chains.
static constexpr int kChains = 12;
static constexpr int kFlopsPerFma = 2;
/// About 0.4 ms: longer than a timer's interrupt, short enough that on a busy
/// machine some chunk has the processor to itself.
static constexpr int64_t kIterationsPerChunk = 200'000;

// The values stay finite: x is 0 but for the compiler, which must not know. A
// macro, since a template has the target of its definition alone.
#define ATTNJIT_RUN_CHUNK(Vector)                                              \
  Vector c0{}, c1{}, c2{}, c3{}, c4{}, c5{}, c6{}, c7{}, c8{}, c9{}, c10{},    \
      c11{}, x{};                                                              \
  for (int64_t i = 0; i < kIterationsPerChunk; ++i)                            \
  asm volatile(                                                                \
      "vfmadd231ps %[x], %[x], %[c0]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c1]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c2]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c3]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c4]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c5]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c6]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c7]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c8]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c9]\n\t"                                      \
      "vfmadd231ps %[x], %[x], %[c10]\n\t"                                     \
      "vfmadd231ps %[x], %[x], %[c11]"                                         \
      : [c0] "+x"(c0), [c1] "+x"(c1), [c2] "+x"(c2), [c3] "+x"(c3),            \
        [c4] "+x"(c4), [c5] "+x"(c5), [c6] "+x"(c6), [c7] "+x"(c7),            \
        [c8] "+x"(c8), [c9] "+x"(c9), [c10] "+x"(c10), [c11] "+x"(c11)         \
      : [x] "x"(x))

__attribute__((target("avx2,fma"), noinline)) static void runChunk256() {
  ATTNJIT_RUN_CHUNK(__m256);
}

__attribute__((target("avx512f"), noinline)) static void runChunk512() {
  ATTNJIT_RUN_CHUNK(__m512);
}

#undef ATTNJIT_RUN_CHUNK

/// GFLOP/s of the calling thread in its best chunk.
static double measureThread(const TargetSpec &target, double seconds) {
  const bool wide = target.is(CpuLevel::V4);
  const double flopsPerChunk =
      double(kIterationsPerChunk) * kChains * (wide ? 16 : 8) * kFlopsPerFma;
  double best = 0;
  const Stopwatch total;
  do {
    const Stopwatch chunk;
    if (wide)
      runChunk512();
    else
      runChunk256();
    best = std::max(best, flopsPerChunk / chunk.ms() * 1e-6);
  } while (total.ms() < seconds * 1e3);
  return best;
}

Expected<double> tool::measureFmaPeak(const TargetSpec &target, int threads,
                                      double seconds) {
  if (!target.runsHere())
    return fail(ErrorKind::Unsupported,
                fmt::format("this machine cannot run code for `{}`, whose peak "
                            "is asked for",
                            target.name()));
  if (threads <= 1)
    return measureThread(target, seconds);
  // All of them start together, and run for the same time.
  std::barrier start(threads);
  std::vector<double> gflops(static_cast<size_t>(threads));
  {
    std::vector<std::jthread> workers;
    for (double &rate : gflops)
      workers.emplace_back([&start, &rate, &target, seconds] {
        start.arrive_and_wait();
        rate = measureThread(target, seconds);
      });
  }
  double total = 0;
  for (double rate : gflops)
    total += rate;
  return total;
}

Expected<double> tool::measureFmaPeak(int threads, double seconds) {
  const Expected<TargetSpec> host = TargetSpec::host();
  return host ? measureFmaPeak(*host, threads, seconds) : fail(host.error());
}
