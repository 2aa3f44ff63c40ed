//===- SparseCases.cpp - Formulas of masks that a table or a hash decides -===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Sparse.h"

#include <cstdlib>

using namespace attnjit;
using namespace attnjit::test;

static bool isBigbird(const Point &p) {
  int m = p.q / 4, n = p.kv / 4;
  bool listed = false;
  for (int t = 0; t < 3; ++t)
    listed |= p.id("random", {m, t}) == n;
  return std::abs(m - n) <= 1 || m == 0 || n == 0 || listed;
}

static bool isInTop(const Point &p) {
  for (int t = 0; t < 4; ++t)
    if (p.id("top", {p.b, p.h, p.q / 4, t}) == p.kv / 4)
      return true;
  return false;
}

static bool isInRanges(const Point &p) {
  for (int n = 0; n < 8; ++n) {
    int q0 = p.id("rect", {n, 0}), q1 = p.id("rect", {n, 1});
    int kv0 = p.id("rect", {n, 2}), kv1 = p.id("rect", {n, 3});
    bool inside = p.q >= q0 && p.q < q1 && p.kv >= kv0 && p.kv < kv1;
    bool isCausal = p.id("rect", {n, 4}) != 0;
    if (inside && (!isCausal || p.kv - kv0 <= p.q - q0))
      return true;
  }
  return false;
}

static double rectangle(const std::vector<int> &i) {
  static constexpr int kRects[3][5] = {
      {0, 6, 0, 6, 1}, {6, 12, 0, 4, 0}, {6, 20, 8, 20, 1}};
  return i[0] < 3 ? kRects[i[0]][i[1]] : 0;
}

static bool isDrawn(const Point &p) {
  auto u = [](int x) { return static_cast<uint32_t>(x); };
  uint32_t mixed =
      (u(p.q) * 0x9E3779B1u ^ u(p.kv) * 0x85EBCA77u ^ (u(p.b) << 16 | u(p.h))) +
      7u;
  auto shifted = [](uint32_t x, int n) {
    return static_cast<uint32_t>(static_cast<int32_t>(x) >> n);
  };
  uint32_t hashed = (mixed ^ shifted(mixed, 15)) * 0x2C1B3C6Du;
  return ((hashed ^ shifted(hashed, 12)) & 0xFFFF) < 20000;
}

std::vector<LibraryCase> test::sparseCases() {
  return {
      {"bigbird", of(mods::bigbird()), isBigbird, {}, of(mods::bigbird(4))},
      {"bigbird_map",
       of(mods::bigbirdMap()),
       [](const Point &p) {
         int m = p.q / 4, n = p.kv / 4;
         return std::abs(p.q - p.kv) < 4 || m < 1 || n < 1 ||
                p.id("map", {m, n}) != 0;
       },
       {.params = {{"radius", 3}},
        .tables = {{"map",
                    [](auto &i) { return (i[0] + 2 * i[1]) % 5 == 0; }}}},
       of(mods::bigbirdMap(4))},
      {"topk_blocks",
       of(mods::topkBlocks()),
       isInTop,
       {},
       of(mods::topkBlocks(4))},
      {"block_map",
       of(mods::blockMap()),
       [](const Point &p) {
         return p.id("map", {p.b, p.h, p.q / 4, p.kv / 4}) != 0;
       },
       {},
       of(mods::blockMap(4))},
      {"block_sizes",
       of(mods::blockSizes()),
       [](const Point &p) { return p.kv % 4 < p.id("size", {p.kv / 4}); },
       {},
       of(mods::blockSizes(4))},
      {"graph_edges", of(mods::graphEdges()),
       [](const Point &p) { return p.id("edge", {p.q, p.kv}); }},
      {"graph_cells", of(mods::graphCells()),
       [](const Point &p) {
         return p.id("edge", {p.id("cell", {p.q}), p.id("cell", {p.kv})});
       }},
      {"ranges",
       of(mods::ranges()),
       isInRanges,
       {.tables = {{"rect", rectangle}}}},
      {"random_mask",
       of(mods::randomMask()),
       isDrawn,
       {.params = {{"seed", 7}, {"share", 20000}}}},
      {"marked_queries",
       of(mods::markedQueries()),
       [](const Point &p) { return p.q % 3 != 0; },
       {.tables = {{"number", [](auto &i) { return i[0] % 3 - 1; }}}}},
      // 1.5 frames of 200 are 300 tokens: two blocks of 128.
      {"svg_spatial",
       of(mods::svgSpatial()),
       [](const Point &p) {
         return p.q < 3 || p.kv < 3 || std::abs(p.q - p.kv) <= 255;
       },
       {.params = {{"text", 3}, {"frame", 200}}, .Sq = 290, .Skv = 290}},
  };
}
