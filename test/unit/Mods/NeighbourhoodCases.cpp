//===- NeighbourhoodCases.cpp - Formulas of neighbourhoods on a grid ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Neighbourhood.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

using namespace attnjit;
using namespace attnjit::test;

/// Whether `other` is among the `kernel` coordinates around `at`, slid inwards
/// until they fit: counted out, one coordinate after another.
static bool isNear(int at, int other, int extent, int kernel) {
  int first = at - kernel / 2;
  while (first + kernel > extent)
    --first;
  while (first < 0)
    ++first;
  return other >= first && other < first + kernel;
}

static bool isNear2d(int x, int y, int otherX, int otherY) {
  return isNear(x, otherX, 6, 3) && isNear(y, otherY, 4, 3);
}

/// Coordinates of token i when 6 x 4 pixels are ordered by tiles of 2 x 2.
static std::pair<int, int> untiled(int i) {
  int tile = i / 4, within = i % 4;
  return {tile % 3 * 2 + within % 2, tile / 3 * 2 + within / 2};
}

/// Where the windows of `swin_windows(6, 3, 1)` begin: at 1 and 4.
static int swinWindow(int x) { return x < 1 ? 0 : x < 4 ? 1 : 2; }

/// Problems whose positions stay on the grid under every offset.
static Problem grid(int tokens) {
  return {.Sq = tokens - 5, .Skv = tokens - 2};
}

std::vector<LibraryCase> test::neighbourhoodCases() {
  return {
      {"natten_1d", of(mods::natten1d()),
       [](const Point &p) { return isNear(p.q, p.kv, 26, 7); }, grid(26),
       of(mods::natten1d(26, 7))},
      {"natten_1d_dilated", of(mods::natten1dDilated()),
       [](const Point &p) {
         // Phases 0 and 1 have nine coordinates, phase 2 has eight.
         int count = p.q % 3 == 2 ? 8 : 9;
         return p.q % 3 == p.kv % 3 && isNear(p.q / 3, p.kv / 3, count, 5);
       },
       grid(26), of(mods::natten1dDilated(26, 5, 3))},
      {"natten_1d_strided", of(mods::natten1dStrided()),
       [](const Point &p) {
         int leader = std::min(p.q / 4 * 4 + 2, 25);
         return isNear(leader, p.kv, 26, 6);
       },
       grid(26), of(mods::natten1dStrided(26, 6, 4))},
      {"natten_1d_causal", of(mods::natten1dCausal()),
       [](const Point &p) { return p.kv <= p.q && p.kv > p.q - 7; }},
      {"natten_2d", of(mods::natten2d()),
       [](const Point &p) {
         return isNear2d(p.q % 6, p.q / 6, p.kv % 6, p.kv / 6);
       },
       grid(24), of(mods::natten2d(6, 4, 3))},
      {"natten_2d_tiled", of(mods::natten2dTiled()),
       [](const Point &p) {
         auto [x, y] = untiled(p.q);
         auto [otherX, otherY] = untiled(p.kv);
         return isNear2d(x, y, otherX, otherY);
       },
       grid(24), of(mods::natten2dTiled(6, 4, 3, 2))},
      {"natten_3d", of(mods::natten3d()),
       [](const Point &p) {
         int frameQ = p.q / 24, frameKv = p.kv / 24;
         int inQ = p.q % 24, inKv = p.kv % 24;
         return isNear2d(inQ % 6, inQ / 6, inKv % 6, inKv / 6) &&
                (frameKv == frameQ || frameKv == frameQ - 1);
       },
       grid(72), of(mods::natten3d(6, 4, 3, 2))},
      {"sasa_2d", of(mods::sasa2d()),
       [](const Point &p) {
         return std::abs(p.q % 6 - p.kv % 6) < 2 &&
                std::abs(p.q / 6 - p.kv / 6) < 2;
       },
       grid(24), of(mods::sasa2d(6, 1))},
      {"swin_windows", of(mods::swinWindows()),
       [](const Point &p) {
         return swinWindow(p.q % 6) == swinWindow(p.kv % 6) &&
                swinWindow(p.q / 6) == swinWindow(p.kv / 6);
       },
       grid(36), of(mods::swinWindows(6, 3, 1))},
  };
}

TEST(Neighbourhood, CausalStrideLeavesTheGroupItsLeaderSees) {
  // Groups of 3 look back 5 keys from their last query.
  auto formula = [](const Point &p) {
    int leader = p.q / 3 * 3 + 2;
    return p.kv <= p.q && p.kv > leader - 5;
  };
  expectFormula(
      of(mods::neighbourhood({.kernel = 5, .stride = 3, .causal = true})),
      formula);
}

TEST(Neighbourhood, CausalStrideEndsWithTheAxis) {
  auto formula = [](const Point &p) {
    int leader = std::min(p.q / 5 * 5 + 4, 22);
    return p.kv <= p.q && p.kv > leader - 6;
  };
  expectFormula(of(mods::neighbourhood(
                    {.extent = 23, .kernel = 6, .stride = 5, .causal = true})),
                formula, grid(23));
}

TEST(Neighbourhood, AllAtOnce) {
  // Dilation 2 on 26 positions: 13 coordinates in each phase.
  auto formula = [](const Point &p) {
    int leader = std::min(p.q / 2 / 2 * 2 + 1, 12);
    return p.q % 2 == p.kv % 2 && isNear(leader, p.kv / 2, 13, 4);
  };
  expectFormula(of(mods::neighbourhood(
                    {.extent = 26, .kernel = 4, .dilation = 2, .stride = 2})),
                formula, grid(26));
}
