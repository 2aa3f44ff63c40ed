//===- Suggest.cpp - The name that was meant ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nearness is the number of insertions, deletions, replacements and swaps of
// neighbours that make one word of the other, case aside.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/Suggest.h"

#include <algorithm>
#include <array>
#include <cstdlib>

using namespace attnjit;

/// Longer words are not compared; this bounds the work of one suggestion.
static constexpr size_t kMaxLength = 48;

static char lower(char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

static int editDistance(std::string_view a, std::string_view b) {
  using Row = std::array<int, kMaxLength + 1>;
  Row beforeLast{}, last{}, row{};
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      int differs = lower(a[i - 1]) != lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + differs});
      bool isSwap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                    lower(a[i - 2]) == lower(b[j - 1]);
      if (isSwap)
        row[j] = std::min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.size()];
}

Suggestion::Suggestion(std::string_view unknown)
    : unknown(unknown), distance(unknown.size() < 3   ? 2
                                 : unknown.size() < 7 ? 3
                                                      : 4) {}

void Suggestion::offer(std::string_view known) {
  if (unknown.size() > kMaxLength || known.size() > kMaxLength ||
      std::abs(static_cast<int>(known.size()) -
               static_cast<int>(unknown.size())) >= distance)
    return;
  int candidate = editDistance(unknown, known);
  // Most of the letters must stay, or `x` would suggest `b`.
  if (candidate >= distance || candidate * 3 > static_cast<int>(known.size()))
    return;
  nearest = known;
  distance = candidate;
}

std::string Suggestion::hint() const {
  return nearest.empty() ? "" : "did you mean `" + nearest + "`?";
}
