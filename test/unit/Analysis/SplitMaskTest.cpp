//===- SplitMaskTest.cpp - Masks written as scores of -inf ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/SplitMask.h"

#include "Formula.h"

#include "attnjit/Expr/Interpreter.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

using namespace attnjit;
using namespace attnjit::test;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
const X q = Var::Q, kv = Var::Kv, score = Var::Score;
const X minusInf = Expr::f32(-kInf);

void expectSplit(const Expr &hook, const Expr &mask, const Expr &rest) {
  SplitScore split = splitMask(hook);
  EXPECT_EQ(split.mask, mask);
  EXPECT_EQ(split.score, rest);
}

TEST(SplitMask, TakesOutermostConditions) {
  X causal = q >= kv, near = q - kv < 9, twice = score * score;
  expectSplit(where(causal, twice, minusInf), causal, twice);
  expectSplit(where(causal, minusInf, twice), !causal, twice);
  expectSplit(where(causal, score, minusInf), causal, {});
  expectSplit(where(causal, where(near, twice, minusInf), minusInf),
              causal & near, twice);
  expectSplit(where(causal, minusInf, where(near, score, minusInf)),
              !causal & near, {});
}

TEST(SplitMask, LeavesWhatIsNoMask) {
  X causal = q >= kv;
  for (X hook : {where(causal, score, Expr::f32(-3e38f)),
                 where(causal, score, Expr::f32(kInf)),
                 where(score > Expr::f32(0), score, minusInf),
                 score + where(causal, Expr::f32(0), minusInf),
                 where(causal, score, minusInf) * Expr::f32(2)})
    expectSplit(hook, {}, hook);
  expectSplit({}, {}, {});
  expectSplit(score, {}, {});
}

// Of a sum, a mask of finite scores: where the rest is finite for each of them.
TEST(SplitMask, FindsConditionsThatAreAdded) {
  X causal = q >= kv, zero = Expr::f32(0);
  X added = where(causal, zero, minusInf);
  BufferDecl bias;
  bias.name = "bias";
  bias.element = DType::F32;
  bias.dims = {Dim::any()};
  X loaded = Expr::load(bias, {{Expr::var(Var::Kv)}});
  EXPECT_EQ(additiveMask(score + added), causal.e);
  EXPECT_EQ(additiveMask(added + score), causal.e);
  EXPECT_EQ(additiveMask(score + where(causal, minusInf, zero)), (!causal).e);
  EXPECT_EQ(additiveMask(score * Expr::f32(3) + added), causal.e);
  for (X none :
       {score + where(causal, Expr::f32(1), minusInf),
        score + where(causal, zero, Expr::f32(-1e30f)), score + loaded + added,
        score * score * score + added, score - added, score})
    EXPECT_EQ(additiveMask(none), Expr());
  EXPECT_EQ(additiveMask({}), Expr());
}

TEST(SplitMask, AsksWhetherScoresAreFinite) {
  ModParts parts;
  parts.score = (score + where(q >= kv, Expr::f32(0), minusInf)).e;
  auto mod = ModProgram::create(parts);
  ASSERT_TRUE(mod) << mod.error().message();
  EXPECT_EQ(inferMask(*mod).mask(), (q >= kv).e);
  EXPECT_TRUE(inferMask(*mod).params().empty());
  const ModProgram tested = inferMask(*mod, FiniteScores::Tested);
  ASSERT_EQ(tested.params().size(), 1u);
  EXPECT_EQ(tested.params()[0].name, kFiniteScores);
  const X isFinite = Expr::param(tested.params()[0]);
  EXPECT_EQ(tested.mask(), ((q >= kv) | !isFinite).e);
  // The score itself stays: it says -inf where the mask is not asked.
  EXPECT_EQ(tested.score(), mod->score());
}

TEST(SplitMask, StopsWhereTheLimitOfDepthIs) {
  X hook = score, condition = q >= kv;
  while (true) {
    X next = where(condition = !condition, hook, minusInf);
    if (next.e->op() == Op::Invalid)
      break;
    hook = next;
  }
  SplitScore split = splitMask(hook);
  ASSERT_TRUE(split.mask);
  EXPECT_NE(split.mask->op(), Op::Invalid);
}

/// A kept pair and its score, as the kernel sees them.
struct Kept {
  bool kept;
  double score;
};

Kept evaluate(const Expr &mask, const Expr &hook, const Bindings &point) {
  Expr roots[] = {mask ? mask : Expr::boolean(true),
                  hook ? hook : Expr::var(Var::Score)};
  auto values = Interpreter::create(roots, {}, {}, Interpreter::Mode::F32);
  EXPECT_TRUE(values);
  auto result = values->evaluate(point);
  return {result[0].i != 0 && result[1].f != -kInf, result[1].f};
}

TEST(SplitMask, KeepsTheSamePairsAndScores) {
  X quotient = node(Op::Div, Expr::f32(1), score);
  X hook = where(q >= kv,
                 where(q % 3 == 0, minusInf,
                       where(kv % 2 == 0, quotient - score * score, minusInf)),
                 minusInf);
  SplitScore split = splitMask(hook);
  ASSERT_TRUE(split.mask);
  for (float value :
       {0.0f, -0.0f, 1.5f, -2.0f, kInf, -kInf, std::nanf(""), 3e38f, -3e38f})
    for (int32_t i = 0; i < 6; ++i)
      for (int32_t j = 0; j < 6; ++j) {
        Bindings point;
        point.score = value;
        point[Var::Q] = i;
        point[Var::Kv] = j;
        Kept before = evaluate({}, hook, point);
        Kept after = evaluate(split.mask, split.score, point);
        ASSERT_EQ(before.kept, after.kept) << value << " at " << i << ", " << j;
        // Bits, so that -0 differs from 0; NaN equals NaN.
        if (before.kept && !std::isnan(before.score))
          ASSERT_EQ(std::bit_cast<uint64_t>(before.score),
                    std::bit_cast<uint64_t>(after.score));
        if (before.kept)
          ASSERT_EQ(std::isnan(before.score), std::isnan(after.score));
      }
}

} // namespace
