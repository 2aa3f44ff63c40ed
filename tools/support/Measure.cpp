//===- Measure.cpp - Times on a noisy machine -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Measure.h"

#include <algorithm>

using namespace attnjit;
using namespace attnjit::tool;

Expected<std::vector<std::vector<double>>>
tool::interleave(std::span<const Contestant> contestants,
                 const InterleaveOptions &options) {
  std::vector<std::vector<double>> numbers(contestants.size());
  Stopwatch total;
  // Round -1 warms up caches, page tables and clocks.
  for (int round = -1;; ++round) {
    const double share = total.ms() / 1e3 / options.seconds;
    if (round >= options.minRounds && share >= 1)
      return numbers;
    if (options.progress)
      options.progress(std::min(share, 1.0));
    for (size_t i = 0; i < contestants.size(); ++i) {
      Expected<double> number = contestants[i].measure();
      if (!number)
        return fail(Error(number.error()).in(contestants[i].name));
      if (round >= 0)
        numbers[i].push_back(*number);
    }
  }
}

Summary Summary::of(std::span<const double> numbers) {
  if (numbers.empty())
    return {};
  std::vector<double> sorted(numbers.begin(), numbers.end());
  std::ranges::sort(sorted);
  const size_t middle = sorted.size() / 2;
  const double median = sorted.size() % 2
                            ? sorted[middle]
                            : (sorted[middle - 1] + sorted[middle]) / 2;
  return {static_cast<int>(sorted.size()), sorted.front(), median,
          sorted.back()};
}

std::vector<double> tool::ratios(std::span<const double> first,
                                 std::span<const double> second) {
  std::vector<double> result(std::min(first.size(), second.size()));
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = first[i] / second[i];
  return result;
}
