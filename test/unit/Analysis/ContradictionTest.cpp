//===- ContradictionTest.cpp - Conditions that no pair satisfies ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is proven and what is not; then random conditions, of which no proven
// one may hold anywhere.
//
//===----------------------------------------------------------------------===//

#include "RandomMask.h"

#include "attnjit/Analysis/Contradiction.h"
#include "attnjit/Mods/Documents.h"
#include "attnjit/Mods/Masks.h"
#include "attnjit/Mods/Windows.h"

#include <gtest/gtest.h>

using namespace attnjit;
using namespace attnjit::test;

namespace {

/// That the first mask keeps nothing that the second does not.
bool implies(const dsl::MaskMod &first, const dsl::MaskMod &second) {
  return isContradiction((first && !second).expr(), attnjit::Positions::Rows);
}

TEST(Contradiction, MasksThatImplyOthers) {
  using namespace dsl;
  const auto doc = buffer<I32>("doc", {Sq});
  const MaskMod causal = mods::causal();
  EXPECT_TRUE(implies(causal, causal));
  EXPECT_TRUE(implies(mods::slidingWindow(128), causal));
  EXPECT_TRUE(implies(mods::slidingWindow(128), mods::slidingWindow(256)));
  EXPECT_FALSE(implies(mods::slidingWindow(256), mods::slidingWindow(128)));
  EXPECT_TRUE(implies(mods::slidingWindow(128), mods::symmetricWindow(128)));
  EXPECT_TRUE(implies(mods::chunkedCausal(96), causal));
  EXPECT_TRUE(implies(mods::documents(doc) && causal, mods::documents(doc)));
  EXPECT_FALSE(implies(mods::documents(doc), causal));
  EXPECT_TRUE(implies(causal, mods::prefixLm(100)));
  EXPECT_FALSE(implies(mods::prefixLm(100), causal));
  EXPECT_TRUE(implies(causal, causal || mods::documents(doc)));
  // Every key is one.
  EXPECT_TRUE(implies(causal, MaskMod(kv < Skv)));
  EXPECT_TRUE(implies(MaskMod(max(q, kv) <= 5), MaskMod(q <= 5 && kv <= 5)));
  EXPECT_TRUE(implies(MaskMod(q <= 5 && kv <= 5), MaskMod(max(q, kv) <= 5)));
  EXPECT_TRUE(implies(MaskMod(abs(q - kv) <= 7), MaskMod(q - kv < 8)));
  EXPECT_FALSE(implies(MaskMod(abs(q - kv) <= 8), MaskMod(q - kv < 8)));
}

TEST(Contradiction, RemaindersAndQuotientsHaveRanges) {
  using namespace dsl;
  auto never = [](const MaskMod &mask) {
    return isContradiction(mask.expr(), attnjit::Positions::Rows);
  };
  EXPECT_TRUE(never(MaskMod(q % 16 >= 16)));
  EXPECT_FALSE(never(MaskMod(q % 16 >= 15)));
  EXPECT_TRUE(never(MaskMod(floordiv(q, 16) > q)));
  EXPECT_TRUE(never(MaskMod(floordiv(q, 16) >= Sq)));
  EXPECT_FALSE(never(MaskMod(q == kv && q != kv + 1)));
  EXPECT_TRUE(never(MaskMod(q <= kv && kv <= q && q != kv)));
}

// Under offsets a position may be anything, and differences wrap.
TEST(Contradiction, AnyPositionsAreNoRows) {
  using namespace dsl;
  auto never = [](const MaskMod &mask) {
    return isContradiction(mask.expr(), attnjit::Positions::Any);
  };
  EXPECT_TRUE(never(MaskMod(q < kv && kv < q)));
  EXPECT_FALSE(never(MaskMod(q < 0)));
  EXPECT_FALSE(never(MaskMod(q >= kv && q - kv < 0)));
  EXPECT_TRUE(never(MaskMod(q_local < 0)));
  EXPECT_TRUE(never(MaskMod(kv_local >= Skv)));
}

TEST(Contradiction, NoProvenConditionHoldsAnywhere) {
  int proven = 0;
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    RandomMask source(seed);
    Expr first = source.mask(), second = source.mask();
    // Half of them true contradictions under some disguise.
    Expr condition =
        seed % 2 ? Expr::make(Op::And, {first, Expr::make(Op::Not, {first})})
                 : Expr::make(Op::And, {first, second});
    if (!isContradiction(condition, attnjit::Positions::Any))
      continue;
    ++proven;
    auto interpreter = Interpreter::create(
        {&condition, 1}, source.captures().paramDecls,
        source.captures().bufferDecls, Interpreter::Mode::F32);
    ASSERT_TRUE(interpreter) << interpreter.error().message();
    for (int i = 0; i < 20; ++i) {
      Tile tile = source.tile();
      Bindings point =
          TileOracle::pointOf(source.pairOf(tile), tile, source.captures());
      point[Var::B] = source.number();
      point[Var::H] = source.number();
      ASSERT_EQ(interpreter->evaluate(point)[0].i, 0) << "seed " << seed;
    }
  }
  EXPECT_GT(proven, 2000);
}

} // namespace
