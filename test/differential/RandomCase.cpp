//===- RandomCase.cpp - Random mods on random small problems --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything of a case follows from its seed.
//
//===----------------------------------------------------------------------===//

#include "RandomCase.h"

#include "Harness.h"

#include <algorithm>
#include <array>
#include <limits>

using namespace attnjit;
using namespace attnjit::test;

void attnjit::test::forRandomSeeds(
    uint64_t first, uint64_t count,
    const std::function<void(uint64_t seed)> &test) {
  if (std::optional<uint64_t> only = seedFromEnvironment())
    return test(*only);
  const uint64_t last = first + count * (isFullRun() ? 5 : 1);
  for (uint64_t seed = first; seed < last; ++seed) {
    test(seed);
    if (!testing::Test::HasFailure())
      continue;
    const auto *info = testing::UnitTest::GetInstance()->current_test_info();
    FAIL() << "repeat with ATTNJIT_TEST_SEED=" << seed
           << " --gtest_filter=" << info->test_suite_name() << "."
           << info->name();
  }
}

RandomExprOptions attnjit::test::randomModOptions(bool withScore,
                                                  bool transcendentals) {
  RandomExprOptions options = RandomExprOptions::everything();
  std::erase(options.vars, Var::Prob);
  if (!withScore)
    std::erase(options.vars, Var::Score);
  options.transcendentals = transcendentals;
  return options;
}

ModProgram attnjit::test::modOf(const Expr &score, const Expr &mask) {
  ModParts parts;
  parts.name = "random";
  parts.score = score;
  parts.mask = mask;
  Expected<ModProgram> mod = ModProgram::create(std::move(parts));
  if (!mod)
    ADD_FAILURE() << mod.error().message();
  return mod ? *mod : ModProgram::identity();
}

Shape attnjit::test::randomShape(Random &random, int64_t D, int64_t Dv) {
  auto pick = [&](std::initializer_list<int64_t> values) {
    return values.begin()[below(random, std::ssize(values))];
  };
  Shape shape;
  shape.B = pick({1, 2});
  shape.Hkv = pick({1, 2});
  shape.group = pick({1, 2});
  shape.Sq = pick({1, 7, 25, 40});
  shape.Skv = pick({1, 6, 61, 150});
  shape.D = D;
  shape.Dv = Dv;
  shape.offsets = static_cast<Offsets>(below(random, 4));
  shape.layout = static_cast<Layout>(below(random, 6));
  shape.mask = oneIn(random, 6) ? MaskKind::Full : MaskKind::None;
  shape.flush = oneIn(random, 4) ? Flush::Start : Flush::End;
  return shape;
}

void attnjit::test::makeOffsetsExtreme(Problem &problem) {
  if (!oneIn(problem.random, 4))
    return;
  using Limits = std::numeric_limits<int32_t>;
  const Shape &n = problem.shape();
  auto extreme = [&](int64_t length) {
    return oneIn(problem.random, 2)
               ? Limits::min()
               : static_cast<int32_t>(Limits::max() - length);
  };
  problem.args.qOffset = {extreme(n.Sq), std::nullopt};
  problem.args.kvOffset = {extreme(n.Skv), std::nullopt};
}
