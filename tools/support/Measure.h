//===- Measure.h - Times on a noisy machine -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared machines are slower for seconds at a time. Two rules make figures
// that mean something there: what is compared runs in turn, so that a slow
// phase meets all of it; and the best of many runs stands for what the code
// can do, the median for what it did.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_MEASURE_H
#define ATTNJIT_TOOLS_SUPPORT_MEASURE_H

#include "attnjit/Support/Error.h"

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace attnjit::tool {

/// Measures wall-clock time from its construction on.
class Stopwatch {
public:
  double ms() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - start)
        .count();
  }

private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
};

/// Something whose measurement is one number: a time, a rate.
struct Contestant {
  std::string name;
  std::function<Expected<double>()> measure;
};

struct InterleaveOptions {
  double seconds = 5;
  int minRounds = 3;
  /// Told the share of the work that is done; may be null.
  std::function<void(double share)> progress;
};

/// Measures each contestant once a round, in turn, until the time is over;
/// gives for each of them its numbers by round. One round before is not
/// counted. The first Error ends it.
Expected<std::vector<std::vector<double>>>
interleave(std::span<const Contestant> contestants,
           const InterleaveOptions &options);

/// What a list of numbers comes to.
struct Summary {
  int count = 0;
  double min = 0, median = 0, max = 0;

  static Summary of(std::span<const double> numbers);
};

/// first[i] / second[i] for each round.
std::vector<double> ratios(std::span<const double> first,
                           std::span<const double> second);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_MEASURE_H
