//===- MaskCases.cpp - Formulas of causal masks, prefixes and blocks ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Masks.h"

using namespace attnjit;
using namespace attnjit::test;

std::vector<LibraryCase> test::maskCases() {
  return {
      {"no_mask", of(mods::noMask()), [](const Point &) { return 1; }},
      {"causal", of(mods::causal()),
       [](const Point &p) { return p.kv <= p.q; }},
      // The last query, Sq - 1, sees the last key, Skv - 1.
      {"causal_bottom_right", of(mods::causalBottomRight()),
       [](const Point &p) {
         return p.Skv - 1 - p.kvLocal >= p.Sq - 1 - p.qLocal;
       }},
      // Positions 0 to 6: seven keys.
      {"prefix_lm",
       of(mods::prefixLm()),
       [](const Point &p) { return p.kv <= 6 || p.kv <= p.q; },
       {.params = {{"prefix", 7}}}},
      // Positions 0 to 7: eight keys.
      {"prefix_lm_inclusive",
       of(mods::prefixLmInclusive()),
       [](const Point &p) { return p.kv <= 7 || p.kv <= p.q; },
       {.params = {{"prefix", 7}}}},
      {"prefix_lm_per_batch",
       of(mods::prefixLmPerBatch()),
       [](const Point &p) { return p.kv < (p.b == 0 ? 3 : 11) || p.kv <= p.q; },
       {.tables = {{"prefix", [](auto &i) { return i[0] == 0 ? 3 : 11; }}}}},
      {"block_causal",
       of(mods::blockCausal()),
       [](const Point &p) { return p.kv < (p.q / 4 + 1) * 4; },
       {},
       of(mods::blockCausal(4))},
      {"block_diagonal",
       of(mods::blockDiagonal()),
       [](const Point &p) { return p.q / 4 == p.kv / 4; },
       {},
       of(mods::blockDiagonal(4))},
      {"chunked_causal",
       of(mods::chunkedCausal()),
       [](const Point &p) { return p.kv >= p.q / 6 * 6 && p.kv <= p.q; },
       {.params = {{"chunk", 6}}}},
      {"key_threshold", of(mods::keyThreshold()),
       [](const Point &p) { return p.kv >= p.id("first", {p.q}); }},
  };
}
