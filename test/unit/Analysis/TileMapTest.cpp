//===- TileMapTest.cpp - Counting tiles without looking at each -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formula.h"
#include "RandomMask.h"

#include "attnjit/Analysis/ReadableBounds.h"
#include "attnjit/Analysis/TileMap.h"

#include <gtest/gtest.h>

#include <array>

using namespace attnjit;
using namespace attnjit::test;

namespace {

const X q = Var::Q, kv = Var::Kv;

Expected<TileClassifier> classifierOf(const Expr &mask,
                                      const Captures &captures, int32_t qOffset,
                                      int32_t kvOffset) {
  auto classifier =
      TileClassifier::create(mask, captures.paramDecls, captures.bufferDecls);
  if (!classifier)
    return classifier;
  Bindings point;
  point.params = captures.params;
  point.buffers = captures.buffers;
  classifier->bind(point, qOffset, kvOffset);
  return classifier;
}

/// By TileKind, from every pair.
std::array<double, 3> countByPairs(TileClassifier &classifier,
                                   const TileGrid &grid, double &kept) {
  std::array<double, 3> counts = {};
  kept = 0;
  for (int64_t row = 0; row < grid.rows(); ++row)
    for (int64_t column = 0; column < grid.columns(); ++column) {
      const PairBox box = grid.tile(row, column);
      kept += double(classifier.countKept(box));
      ++counts[static_cast<size_t>(classifier.classifyByPairs(box))];
    }
  return counts;
}

TEST(TileMap, GridsCoverTheMatrixOnce) {
  const TileGrid grid = {10, 7, 4, 3};
  EXPECT_EQ(grid.rows(), 3);
  EXPECT_EQ(grid.columns(), 3);
  EXPECT_EQ(grid.tile(0, 0), (PairBox{0, 4, 0, 3}));
  EXPECT_EQ(grid.tile(2, 2), (PairBox{8, 10, 6, 7}));
  const TileGrid huge = {10, 7, INT64_MAX, INT64_MAX};
  EXPECT_EQ(huge.rows() * huge.columns(), 1);
  EXPECT_EQ(huge.tile(0, 0), (PairBox{0, 10, 0, 7}));
  EXPECT_EQ((TileGrid{0, 7, 4, 3}).rows(), 0);
}

TEST(TileMap, CountsAreExactForOrdinaryMasks) {
  for (X mask : {q >= kv, (q >= kv) & (q - kv < 11), q / 8 == kv / 8,
                 (kv < 5) | (q >= kv), abs(q - kv) <= 3})
    for (TileGrid grid : {TileGrid{37, 53, 4, 6}, TileGrid{64, 64, 8, 8},
                          TileGrid{1, 90, 1, 16}, TileGrid{5, 5, 99, 99}}) {
      auto classifier = classifierOf(mask, {}, -3, 2);
      ASSERT_TRUE(classifier) << classifier.error().message();
      double kept = 0;
      const std::array<double, 3> want = countByPairs(*classifier, grid, kept);
      const TileCounts got = countTiles(*classifier, grid);
      EXPECT_TRUE(got.exact);
      EXPECT_EQ(got.total, double(grid.rows() * grid.columns()));
      EXPECT_EQ((std::array{got.empty, got.full, got.partial}), want);
      const KeptPairs pairs = countKeptPairs(*classifier, got);
      EXPECT_EQ(pairs.pairs, kept);
      EXPECT_TRUE(pairs.exact);
    }
}

TEST(TileMap, CountsAreSoundForRandomMasks) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    RandomMask random(seed);
    const Expr mask = random.mask();
    const int32_t first = random.tile().qLo < 0 ? -9 : 4;
    auto classifier = classifierOf(mask, random.captures(), first, first + 2);
    ASSERT_TRUE(classifier) << classifier.error().message();
    const TileGrid grid = {17, 23, 4, 5};
    double kept = 0;
    const std::array<double, 3> actual = countByPairs(*classifier, grid, kept);
    const TileCounts got = countTiles(*classifier, grid);
    EXPECT_EQ(got.empty + got.full + got.partial, got.total);
    EXPECT_LE(got.empty, actual[0]) << describe(mask);
    EXPECT_LE(got.full, actual[1]) << describe(mask);
    EXPECT_EQ(countKeptPairs(*classifier, got).pairs, kept) << describe(mask);
  }
}

TEST(TileMap, LargeMatricesTakeFewDecisions) {
  auto classifier = classifierOf(q >= kv, {}, 0, 0);
  ASSERT_TRUE(classifier);
  constexpr int64_t kTiles = 4096;
  const TileCounts counts =
      countTiles(*classifier, {64 * kTiles, 64 * kTiles, 64, 64});
  EXPECT_TRUE(counts.exact);
  EXPECT_EQ(counts.partial, kTiles);
  EXPECT_EQ(counts.empty, counts.full);
  EXPECT_LT(counts.decisions, 8 * kTiles);
}

TEST(TileMap, ScatteredMasksAreSampledWithinTheBudget) {
  // No bound decides anything larger than a pair.
  auto classifier = classifierOf((q * 7 + kv * 3) % 8 < 2, {}, 0, 0);
  ASSERT_TRUE(classifier);
  constexpr int64_t kMaxDecisions = 4000;
  const TileGrid grid = {1 << 20, 1 << 20, 64, 64};
  const TileCounts counts = countTiles(*classifier, grid, kMaxDecisions);
  EXPECT_FALSE(counts.exact);
  EXPECT_LE(counts.decisions, 2 * kMaxDecisions);
  EXPECT_NEAR(counts.partial, counts.total, 1e-9 * counts.total);
  const KeptPairs kept = countKeptPairs(*classifier, counts, 1 << 18);
  EXPECT_FALSE(kept.exact);
  EXPECT_NEAR(kept.pairs / 0x1p40, 0.25, 0.01);
}

TEST(TileMap, BoundsAreReadable) {
  X window = Expr::param({"window", Type::I32, {}});
  const TileBounds bounds = computeTileBounds(q - kv < window);
  const X qLo = Var::QLo, kvHi = Var::KvHi;
  EXPECT_EQ(readableBound(bounds.empty), (window <= qLo - kvHi).e)
      << describe(readableBound(bounds.empty));
  // Nothing to leave out.
  const Expr plain = computeTileBounds(q >= kv).full;
  EXPECT_EQ(readableBound(plain), plain);
}

} // namespace
