//===- TileCutsTest.cpp - Where a tile is worth cutting -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/TileCuts.h"
#include "attnjit/Mods/Masks.h"
#include "attnjit/Mods/Neighbourhood.h"
#include "attnjit/Mods/Sparse.h"
#include "attnjit/Mods/Windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace attnjit;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

constexpr bool kQueries = false, kKeys = true;

TEST(TileCuts, LieWhereDivisionsJump) {
  using namespace dsl;
  EXPECT_THAT(findTileCuts(mods::causal().expr()), IsEmpty());
  EXPECT_THAT(findTileCuts(Expr()), IsEmpty());
  EXPECT_THAT(findTileCuts(mods::blockDiagonal(48).expr()),
              ElementsAre(TileCut{kQueries, 48, 0}, TileCut{kKeys, 48, 0}));
  // Both of an image's axes jump at the ends of its rows.
  EXPECT_THAT(findTileCuts(mods::natten2d(20, 39, 7).expr()),
              ElementsAre(TileCut{kQueries, 20, 0}, TileCut{kKeys, 20, 0}));
  EXPECT_THAT(findTileCuts(MaskMod((q >> 5) == ((kv + 3) >> 5)).expr()),
              ElementsAre(TileCut{kQueries, 32, 0}, TileCut{kKeys, 32, 3}));
  EXPECT_THAT(findTileCuts(MaskMod((q & ~63) == (kv & 63)).expr()),
              ElementsAre(TileCut{kQueries, 64, 0}, TileCut{kKeys, 64, 0}));
  // (q // 8) % 4 jumps at multiples of 8, where those of 32 are among them.
  EXPECT_THAT(findTileCuts(MaskMod(floordiv(q, 8) % 4 == 0).expr()),
              ElementsAre(TileCut{kQueries, 8, 0}));
  // Windows of 8 in rows of 20: the row's ends are not among their borders.
  EXPECT_THAT(findTileCuts(MaskMod(floordiv(q % 20 - 4, 8) == 0).expr()),
              ElementsAre(TileCut{kQueries, 20, 0}, TileCut{kQueries, 8, 4}));
  // A distance is of neither axis.
  EXPECT_THAT(findTileCuts(MaskMod((q - kv) % 8 == 0).expr()), IsEmpty());
}

TEST(TileCuts, PartsCoverAllPositions) {
  for (int64_t period : {2, 3, 64})
    for (int64_t offset = 0; offset < period; ++offset) {
      const TileCut cut = {kKeys, period, offset};
      for (int64_t position = -200; position < 200; ++position) {
        const int64_t last = cut.lastOfPart(position);
        ASSERT_GE(last, position);
        ASSERT_EQ((last + 1 + offset) % period, 0);
        for (int64_t next = position + 1; next <= last; ++next)
          ASSERT_NE((next + offset) % period, 0);
      }
    }
}

TEST(TileCuts, TheFinestGoFirst) {
  const std::vector<TileCut> cuts = {
      {kQueries, 64, 0}, {kKeys, 64, 0}, {kKeys, 4, 0}};
  EXPECT_EQ(affordableCuts(cuts, 24, 128, 1000).size(), 3u);
  // 2 parts of the queries, 3 of the keys.
  EXPECT_EQ(affordableCuts(cuts, 24, 128, 6).size(), 2u);
  EXPECT_EQ(affordableCuts(cuts, 24, 128, 5).size(), 1u);
  EXPECT_EQ(affordableCuts(cuts, 24, 128, 1).size(), 0u);
  // One position is not cut.
  EXPECT_EQ(affordableCuts(cuts, 1, 1, 1).size(), 3u);
}

} // namespace
