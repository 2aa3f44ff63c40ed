//===- Peak.cpp - The machine's FMA peak, measured ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Peak.h"

#include "support/Measure.h"

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
static constexpr int kLanes = 8;
static constexpr int kFlopsPerFma = 2;
/// About 0.4 ms: longer than a timer's interrupt, short enough that on a busy
/// machine some chunk has the processor to itself.
static constexpr int64_t kIterationsPerChunk = 200'000;

/// The values stay finite: x is 0 but for the compiler, which must not know.
__attribute__((target("avx2,fma"), noinline)) static void runChunk() {
  __m256 c0 = _mm256_setzero_ps(), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0,
         c6 = c0, c7 = c0, c8 = c0, c9 = c0, c10 = c0, c11 = c0;
  __m256 x = c0;
  for (int64_t i = 0; i < kIterationsPerChunk; ++i)
    asm volatile(
        "vfmadd231ps %[x], %[x], %[c0]\n\t"
        "vfmadd231ps %[x], %[x], %[c1]\n\t"
        "vfmadd231ps %[x], %[x], %[c2]\n\t"
        "vfmadd231ps %[x], %[x], %[c3]\n\t"
        "vfmadd231ps %[x], %[x], %[c4]\n\t"
        "vfmadd231ps %[x], %[x], %[c5]\n\t"
        "vfmadd231ps %[x], %[x], %[c6]\n\t"
        "vfmadd231ps %[x], %[x], %[c7]\n\t"
        "vfmadd231ps %[x], %[x], %[c8]\n\t"
        "vfmadd231ps %[x], %[x], %[c9]\n\t"
        "vfmadd231ps %[x], %[x], %[c10]\n\t"
        "vfmadd231ps %[x], %[x], %[c11]"
        : [c0] "+x"(c0), [c1] "+x"(c1), [c2] "+x"(c2), [c3] "+x"(c3),
          [c4] "+x"(c4), [c5] "+x"(c5), [c6] "+x"(c6), [c7] "+x"(c7),
          [c8] "+x"(c8), [c9] "+x"(c9), [c10] "+x"(c10), [c11] "+x"(c11)
        : [x] "x"(x));
}

/// GFLOP/s of the calling thread in its best chunk.
static double measureThread(double seconds) {
  constexpr double kFlopsPerChunk =
      double(kIterationsPerChunk) * kChains * kLanes * kFlopsPerFma;
  double best = 0;
  const Stopwatch total;
  do {
    const Stopwatch chunk;
    runChunk();
    best = std::max(best, kFlopsPerChunk / chunk.ms() * 1e-6);
  } while (total.ms() < seconds * 1e3);
  return best;
}

Expected<double> tool::measureFmaPeak(int threads, double seconds) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return fail(ErrorKind::Unsupported,
                "this processor has no AVX2 or no FMA, whose peak is asked "
                "for");
  if (threads <= 1)
    return measureThread(seconds);
  // All of them start together, and run for the same time.
  std::barrier start(threads);
  std::vector<double> gflops(static_cast<size_t>(threads));
  {
    std::vector<std::jthread> workers;
    for (double &rate : gflops)
      workers.emplace_back([&start, &rate, seconds] {
        start.arrive_and_wait();
        rate = measureThread(seconds);
      });
  }
  double total = 0;
  for (double rate : gflops)
    total += rate;
  return total;
}
