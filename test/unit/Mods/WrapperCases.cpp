//===- WrapperCases.cpp - Formulas of mods made of other mods -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Biases.h"
#include "attnjit/Mods/Masks.h"
#include "attnjit/Mods/Windows.h"
#include "attnjit/Mods/Wrappers.h"

#include <cmath>
#include <cstdlib>

using namespace attnjit;
using namespace attnjit::test;

/// The place of a key in its sequence: batch 0 has its pages of 4 in backward
/// order, batch 1 forward; page 3 in memory is of another sequence.
static int pageInSequence(int b, int page) {
  return page == 3 ? -1 : b == 0 ? 7 - page : page;
}
static int inSequence(const Point &p) {
  return pageInSequence(p.b, p.kv / 4) * 4 + p.kv % 4;
}

static double minusSlope(const Point &p, int distance) {
  return p.score - p.value("slopes", {p.h}) * std::abs(distance);
}

static Problem documentsOfFive() {
  return {.params = {{"prefix", 2}},
          .tables = {{"doc", [](auto &i) { return i[0] / 5; }},
                     {"start", [](auto &i) { return i[0] * 5; }}}};
}

static Problem pagesOfFour() {
  return {.tables = {
              {"logical", [](auto &i) { return pageInSequence(i[0], i[1]); }}}};
}

static std::vector<LibraryCase> maskWrapperCases() {
  return {
      {"document_prefix_lm", of(mods::perDocument(mods::prefixLm())),
       [](const Point &p) {
         return p.q / 5 == p.kv / 5 && (p.kv % 5 < 2 || p.kv <= p.q);
       },
       documentsOfFive()},
      {"paged_causal", of(mods::paged(mods::causal())),
       [](const Point &p) { return p.kv / 4 != 3 && inSequence(p) <= p.q; },
       pagesOfFour(), of(mods::paged(mods::causal(), 4))},
      {"offset_causal",
       of(mods::offsetBy(mods::causal())),
       [](const Point &p) { return p.kv <= p.q + 4; },
       {.params = {{"offset", 4}}}},
      {"batchified_causal",
       of(mods::batchified(mods::causal())),
       [](const Point &p) { return p.q / 6 == p.kv / 6 && p.kv <= p.q; },
       {},
       of(mods::batchified(mods::causal(), 6))},
  };
}

static std::vector<LibraryCase> scoreWrapperCases() {
  return {
      {"document_alibi", of(mods::perDocument(mods::alibi())),
       [](const Point &p) { return minusSlope(p, p.q % 5 - p.kv % 5); },
       documentsOfFive()},
      {"paged_alibi", of(mods::paged(mods::alibi())),
       [](const Point &p) { return minusSlope(p, p.q - inSequence(p)); },
       pagesOfFour(), of(mods::paged(mods::alibi(), 4))},
      {"offset_alibi",
       of(mods::offsetBy(mods::alibi())),
       [](const Point &p) { return minusSlope(p, p.q + 4 - p.kv); },
       {.params = {{"offset", 4}}}},
      {"batchified_alibi",
       of(mods::batchified(mods::alibi())),
       [](const Point &p) { return minusSlope(p, p.q % 6 - p.kv % 6); },
       {},
       of(mods::batchified(mods::alibi(), 6))},
      {"causal_as_score", of(mods::asScore(mods::causal())),
       [](const Point &p) { return p.kv <= p.q ? p.score : -HUGE_VAL; }},
      {"symmetric_window_as_score",
       of(mods::asScore(mods::symmetricWindow())),
       [](const Point &p) {
         return std::abs(p.q - p.kv) <= 3 ? p.score : -HUGE_VAL;
       },
       {.params = {{"radius", 3}}}},
      {"block_diagonal_as_score",
       of(mods::asScore(mods::blockDiagonal(64))),
       [](const Point &p) { return p.q / 4 == p.kv / 4 ? p.score : -HUGE_VAL; },
       {},
       of(mods::asScore(mods::blockDiagonal(4)))},
  };
}

std::vector<LibraryCase> test::wrapperCases() {
  std::vector<LibraryCase> cases = maskWrapperCases();
  for (const LibraryCase &more : scoreWrapperCases())
    cases.push_back(more);
  return cases;
}
