//===- TileBoundsRandomTest.cpp - Soundness on random trees ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random masks over random tiles against all pairs. Some faults show once in
// 10,000 trees (a % whose argument wraps), so the count matters; the share of
// verdicts found is asserted too, lest an analysis that knows nothing passes.
// A failure prints the seed of its tree: ATTNJIT_TEST_SEED=that runs from
// there, ATTNJIT_TEST_TREES says how many.
//
//===----------------------------------------------------------------------===//

#include "RandomMask.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace attnjit;
using namespace attnjit::test;

namespace {

constexpr uint64_t kTrees = 100000;
constexpr int kTilesPerTree = 3;

uint64_t fromEnvironment(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct Tally {
  int64_t mixed = 0, uniform = 0, found = 0;
};

/// The verdicts on one tile.
void checkTile(TileOracle &oracle, const Expr &mask, const Tile &tile,
               const Captures &captures, Tally &tally) {
  Verdict claimed = oracle.claimed(tile), actual = oracle.actual(tile);
  ASSERT_TRUE(claimed.empty <= actual.empty && claimed.full <= actual.full)
      << describe(mask) << "\nat q " << tile.qLo << ".." << tile.qHi << ", kv "
      << tile.kvLo << ".." << tile.kvHi << "; b " << oracle.bindings()[Var::B]
      << ", h " << oracle.bindings()[Var::H] << ", p "
      << captures.params[0].asI32() << ", r " << captures.params[1].asI32()
      << "\nempty " << describe(oracle.bounds().empty) << "\nfull "
      << describe(oracle.bounds().full);
  tally.mixed += !actual.empty && !actual.full;
  tally.uniform += actual.empty || actual.full;
  tally.found += claimed.empty || claimed.full;
}

/// A mask of random tests, over tiles that know nothing of it.
void checkMask(uint64_t seed, Tally &tally) {
  RandomMask source(seed);
  Expr mask = source.mask();
  ASSERT_EQ(mask->type(), Type::Bool) << describe(mask);
  auto oracle = TileOracle::create(mask, source.captures());
  ASSERT_TRUE(oracle) << oracle.error().message();
  for (int i = 0; i < kTilesPerTree; ++i) {
    oracle->bindings()[Var::B] = source.number();
    oracle->bindings()[Var::H] = source.number();
    checkTile(*oracle, mask, source.tile(), source.captures(), tally);
  }
}

/// A random value compared with one that it takes in the tile, so that a hull
/// too small by one is seen.
void checkValue(uint64_t seed, Tally &tally) {
  RandomMask source(seed);
  Expr value = source.value();
  auto interpreter = Interpreter::create(
      {&value, 1}, source.captures().paramDecls, source.captures().bufferDecls,
      Interpreter::Mode::F32);
  ASSERT_TRUE(interpreter) << interpreter.error().message();
  Tile tile = source.tile();
  Bindings point =
      TileOracle::pointOf(source.pairOf(tile), tile, source.captures());
  point[Var::B] = source.number();
  point[Var::H] = source.number();
  int64_t taken = interpreter->evaluate(point)[0].i;
  Expr mask = source.maskAt(value, static_cast<int32_t>(taken));
  auto oracle = TileOracle::create(mask, source.captures());
  ASSERT_TRUE(oracle) << oracle.error().message();
  oracle->bindings()[Var::B] = point[Var::B];
  oracle->bindings()[Var::H] = point[Var::H];
  checkTile(*oracle, mask, tile, source.captures(), tally);
}

class TileBoundsRandom : public testing::Test {
protected:
  /// `check` over the seeds; of the uniform tiles at least `leastShare` must
  /// have been found.
  void run(void (*check)(uint64_t, Tally &), double leastShare) {
    uint64_t first = fromEnvironment("ATTNJIT_TEST_SEED", 1);
    uint64_t trees = fromEnvironment("ATTNJIT_TEST_TREES", kTrees);
    Tally tally;
    for (uint64_t seed = first; seed < first + trees; ++seed) {
      check(seed, tally);
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
    }
    RecordProperty("mixed", std::to_string(tally.mixed));
    RecordProperty("uniform", std::to_string(tally.uniform));
    RecordProperty("found", std::to_string(tally.found));
    if (trees >= kTrees)
      EXPECT_GT(double(tally.found), leastShare * double(tally.uniform));
  }
};

TEST_F(TileBoundsRandom, MasksAreNeverDecidedWrongly) { run(checkMask, 0.7); }

TEST_F(TileBoundsRandom, ValuesNeverLeaveTheirIntervals) {
  run(checkValue, 0.4);
}

} // namespace
