//===- WindowCases.cpp - Formulas of windows ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Windows.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

using namespace attnjit;
using namespace attnjit::test;

/// Whether kv is one of `keys`.
static bool isOneOf(const Point &p, const std::set<int> &keys) {
  return keys.contains(p.kv);
}

std::vector<LibraryCase> test::windowCases() {
  const Problem window = {.params = {{"window", 3}}};
  return {
      // Three keys, by name.
      {"sliding_window", of(mods::slidingWindow()),
       [](const Point &p) { return isOneOf(p, {p.q - 2, p.q - 1, p.q}); },
       window},
      // Four keys.
      {"sliding_window_inclusive", of(mods::slidingWindowInclusive()),
       [](const Point &p) {
         return isOneOf(p, {p.q - 3, p.q - 2, p.q - 1, p.q});
       },
       window},
      {"head_window",
       of(mods::headWindow()),
       [](const Point &p) { return p.kv <= p.q && p.kv > p.q - (2 + p.h); },
       {.tables = {{"window", [](auto &i) { return 2 + i[0]; }}}}},
      {"symmetric_window",
       of(mods::symmetricWindow()),
       [](const Point &p) {
         return isOneOf(p, {p.q - 2, p.q - 1, p.q, p.q + 1, p.q + 2});
       },
       {.params = {{"radius", 2}}}},
      // FlashInfer keeps kv + Sq + left >= Skv + q.
      {"window_left",
       of(mods::windowLeft()),
       [](const Point &p) { return p.kvLocal + p.Sq + 3 >= p.Skv + p.qLocal; },
       {.params = {{"left", 3}}}},
      {"window_left_right",
       of(mods::windowLeftRight()),
       [](const Point &p) {
         int own = p.qLocal + p.Skv - p.Sq;
         return own - 3 <= p.kvLocal && p.kvLocal <= own + 1;
       },
       {.params = {{"left", 3}, {"right", 1}}}},
      {"dilated",
       of(mods::dilated()),
       [](const Point &p) {
         return isOneOf(p, {p.q - 4, p.q - 2, p.q, p.q + 2, p.q + 4});
       },
       {.params = {{"radius", 4}}}},
      {"dilated_causal",
       of(mods::dilatedCausal()),
       [](const Point &p) { return isOneOf(p, {p.q - 4, p.q - 2, p.q}); },
       {.params = {{"window", 6}}}},
      {"strided",
       of(mods::strided()),
       [](const Point &p) {
         return isOneOf(p, {p.q, p.q - 1, p.q - 2, p.q - 3, p.q - 6, p.q - 9,
                            p.q - 12, p.q - 15, p.q - 18, p.q - 21});
       },
       {.params = {{"stride", 3}}}},
      {"streaming",
       of(mods::streaming()),
       [](const Point &p) {
         return p.kv <= p.q && isOneOf(p, {0, 1, p.q, p.q - 1, p.q - 2});
       },
       {.params = {{"first", 2}, {"window", 3}}}},
      {"longformer",
       of(mods::longformer()),
       [](const Point &p) {
         bool marked = p.q % 11 == 0 || p.kv % 11 == 0;
         return marked || std::abs(p.q - p.kv) < 3;
       },
       {.params = {{"radius", 2}},
        .tables = {{"marked", [](auto &i) { return i[0] % 11 == 0; }}}}},
  };
}

TEST(Windows, SidesOfZeroAreClosed) {
  expectFormula(of(mods::windowLeftRight(0, 0)), [](const Point &p) {
    return p.kvLocal == p.qLocal + p.Skv - p.Sq;
  });
}

TEST(Windows, NegativeSidesAreOpen) {
  expectFormula(of(mods::windowLeftRight(-1, 2)), [](const Point &p) {
    return p.kvLocal <= p.qLocal + p.Skv - p.Sq + 2;
  });
  expectFormula(of(mods::windowLeftRight(2, -7)), [](const Point &p) {
    return p.kvLocal >= p.qLocal + p.Skv - p.Sq - 2;
  });
}
