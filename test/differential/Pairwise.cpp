//===- Pairwise.cpp - Few rows that hold every pair of values -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Greedy: each row starts from a pair that is still missing and takes, factor
// by factor in random order, the level that adds most missing pairs; the best
// of several such rows is kept.
//
//===----------------------------------------------------------------------===//

#include "Pairwise.h"

#include "RandomExpr.h"

#include <algorithm>
#include <numeric>
#include <optional>

using namespace attnjit::test;

namespace {

class PairCover {
public:
  PairCover(std::span<const int> levels, uint64_t seed,
            const std::function<bool(const Row &)> &allowed)
      : levels(levels.begin(), levels.end()), random(seed), allowed(allowed) {
    firstLevel.push_back(0);
    for (int count : levels)
      firstLevel.push_back(firstLevel.back() + count);
    missing.assign(all() * all(), false);
    for (size_t f = 0; f < this->levels.size(); ++f)
      for (size_t g = f + 1; g < this->levels.size(); ++g)
        for (int x = 0; x < levels[f]; ++x)
          for (int y = 0; y < levels[g]; ++y)
            missing[index(f, x, g, y)] = true;
  }

  std::vector<Row> rows() {
    constexpr int kCandidates = 12;
    std::vector<Row> result;
    while (std::optional<size_t> pair = nextMissing()) {
      Row best;
      int bestGain = 0;
      for (int n = 0; n < kCandidates; ++n) {
        Row row = candidate(*pair);
        if (int gain = row.empty() ? 0 : gainOf(row); gain > bestGain) {
          best = row;
          bestGain = gain;
        }
      }
      // Where no row can hold the pair, it is not asked for again.
      missing[*pair] = false;
      if (best.empty())
        continue;
      markCovered(best);
      result.push_back(best);
    }
    return result;
  }

private:
  size_t all() const { return firstLevel.back(); }
  size_t index(size_t f, int x, size_t g, int y) const {
    return (firstLevel[f] + x) * all() + firstLevel[g] + y;
  }

  std::optional<size_t> nextMissing() {
    size_t count = std::count(missing.begin(), missing.end(), true);
    if (count == 0)
      return std::nullopt;
    auto skip = below(random, static_cast<int64_t>(count));
    for (size_t k = 0;; ++k)
      if (missing[k] && skip-- == 0)
        return k;
  }

  int gainOf(const Row &row) const {
    int gain = 0;
    for (size_t f = 0; f < levels.size(); ++f)
      for (size_t g = f + 1; g < levels.size(); ++g)
        gain +=
            row[f] >= 0 && row[g] >= 0 && missing[index(f, row[f], g, row[g])];
    return gain;
  }

  void markCovered(const Row &row) {
    for (size_t f = 0; f < levels.size(); ++f)
      for (size_t g = f + 1; g < levels.size(); ++g)
        missing[index(f, row[f], g, row[g])] = false;
  }

  /// A row with that pair; empty where none is allowed.
  Row candidate(size_t pair) {
    Row row(levels.size(), -1);
    for (size_t at : {pair / all(), pair % all()}) {
      size_t f = 0;
      while (at >= firstLevel[f + 1])
        ++f;
      row[f] = static_cast<int>(at - firstLevel[f]);
    }
    if (!allowed(row))
      return {};
    std::vector<size_t> order(levels.size());
    std::iota(order.begin(), order.end(), 0);
    for (size_t k = order.size(); k > 1; --k)
      std::swap(order[k - 1], order[below(random, static_cast<int64_t>(k))]);
    for (size_t f : order)
      if (row[f] < 0 && !choose(row, f))
        return {};
    return row;
  }

  bool choose(Row &row, size_t f) {
    int best = -1, bestGain = -1;
    int start = static_cast<int>(below(random, levels[f]));
    for (int n = 0; n < levels[f]; ++n) {
      row[f] = (start + n) % levels[f];
      if (!allowed(row))
        continue;
      if (int gain = gainOf(row); gain > bestGain) {
        best = row[f];
        bestGain = gain;
      }
    }
    row[f] = best;
    return best >= 0;
  }

  std::vector<int> levels;
  std::vector<size_t> firstLevel;
  std::vector<bool> missing;
  Random random;
  const std::function<bool(const Row &)> &allowed;
};

} // namespace

std::vector<Row>
attnjit::test::coverPairs(std::span<const int> levels, uint64_t seed,
                          const std::function<bool(const Row &)> &allowed) {
  return PairCover(levels, seed, allowed).rows();
}
