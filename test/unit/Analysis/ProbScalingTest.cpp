//===- ProbScalingTest.cpp - Prob mods that commute with the division -----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/ProbScaling.h"

#include "Formula.h"
#include "RandomExpr.h"

#include "attnjit/Expr/Interpreter.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace attnjit;
using namespace attnjit::test;

namespace {

const X q = Var::Q, kv = Var::Kv, prob = Var::Prob;
const X gate = Expr::param({"gate", Type::F32, {}});

X f(float value) { return Expr::f32(value); }
X quotient(X a, X b) { return node(Op::Div, a, b); }

TEST(ProbScaling, OfProductsAndQuotients) {
  for (X hook : {prob, prob * gate, gate * prob, quotient(prob, gate), -prob,
                 -(gate * quotient(prob, X(q)) * gate), prob + prob * gate,
                 prob - quotient(prob, f(3)), prob * (q - kv)})
    EXPECT_TRUE(scalesWithProb(hook));
  EXPECT_TRUE(scalesWithProb({}));
}

TEST(ProbScaling, OfChoicesThatPositionsMake) {
  for (X hook :
       {where(q >= kv, prob, f(0)), where(q >= kv, f(-0.0f), prob * gate),
        where(gate > f(0), prob, -prob), max(prob * gate, f(0)),
        min(prob, prob * gate), abs(prob * gate), node(Op::Relu, -prob),
        prob + f(0), f(0),
        reduce(ReduceKind::Sum, 0, 5, [](X t) { return prob * (t + q); }),
        reduce(ReduceKind::Max, 0, 5, [](X t) { return prob * t; })})
    EXPECT_TRUE(scalesWithProb(hook));
}

TEST(ProbScaling, NotOfWhatDependsOnTheSizeOfProb) {
  for (X hook : {f(1),
                 gate,
                 prob + f(1),
                 prob - gate,
                 prob * prob,
                 quotient(gate, prob),
                 quotient(prob, prob),
                 f(0) * (prob + f(1)),
                 where(prob > f(0), prob, f(0)),
                 where(q >= kv, prob, f(1)),
                 where(q >= kv, prob, gate),
                 max(prob, gate),
                 min(prob, f(0.5f)),
                 sign(prob),
                 node(Op::Exp, prob),
                 node(Op::Sqrt, prob * prob),
                 node(Op::Pow, prob, f(1)),
                 node(Op::Floor, prob),
                 clamp(prob, f(0), f(1)),
                 reduce(ReduceKind::Sum, 0, 5, [](X t) { return prob + t; })})
    EXPECT_FALSE(scalesWithProb(hook));
}

/// A random hook of operations that scale more often than not.
X randomHook(Random &random, int depth) {
  if (depth == 0) {
    const X leaves[] = {prob, prob, prob, f(0), f(2.5f), gate, X(kv)};
    return leaves[below(random, std::size(leaves))];
  }
  auto operand = [&] { return randomHook(random, depth - 1); };
  auto free = [&] { return oneIn(random, 20) ? operand() : gate * kv; };
  switch (below(random, 10)) {
  case 0:
    return operand() + operand();
  case 1:
    return operand() - operand();
  case 2:
    return operand() * free();
  case 3:
    return free() * operand();
  case 4:
    return quotient(operand(), free());
  case 5:
    return where(free() > f(1), operand(), operand());
  case 6:
    return min(operand(), operand());
  case 7:
    return max(operand(), operand());
  case 8:
    return oneIn(random, 2) ? -operand() : abs(operand());
  default:
    return oneIn(random, 9) ? node(Op::Sqrt, operand())
                            : node(Op::Relu, operand());
  }
}

/// Powers of two pass through every operation without rounding.
TEST(ProbScaling, HoldsExactlyForPowersOfTwo) {
  Random random(20250);
  const ParamDecl decl = {"gate", Type::F32, {}};
  int proven = 0;
  for (int n = 0; n < 4000; ++n) {
    const X hook = randomHook(random, 1 + static_cast<int>(below(random, 4)));
    if (hook.e->type() != Type::F32 || !scalesWithProb(hook))
      continue;
    ++proven;
    auto evaluator = Interpreter::create({&hook.e, 1}, {&decl, 1}, {},
                                         Interpreter::Mode::Reference);
    ASSERT_TRUE(evaluator);
    const Scalar gateValue =
        Scalar::f32(static_cast<float>(below(random, 9) - 4) / 2);
    Bindings bindings;
    bindings.params = {&gateValue, 1};
    bindings[Var::Kv] = static_cast<int32_t>(below(random, 5)) - 2;
    const double p = static_cast<double>(random() >> 11) * 0x1p-53;
    bindings.prob = p;
    const double once = evaluator->evaluate(bindings)[0].f;
    for (double factor : {0x1p-30, 0.5, 8.0, 0x1p40}) {
      bindings.prob = p * factor;
      const double scaled = evaluator->evaluate(bindings)[0].f;
      EXPECT_TRUE(scaled == once * factor ||
                  (std::isnan(scaled) && std::isnan(once)))
          << "hook " << n << ": " << scaled << " and " << once * factor;
    }
  }
  EXPECT_GE(proven, 400);
}

} // namespace
