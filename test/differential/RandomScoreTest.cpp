//===- RandomScoreTest.cpp - Random score and prob mods -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values of random mods may be huge, infinite or NaN, where the error bound
// says nothing. So the scores are exact here, and what a row must be follows
// from how exact its mod is:
//
//   Bias        no operation on the score, none but correctly rounded ones:
//               s' is the same bits everywhere, however large
//   ExactScore  the score too, without a product or sum that could be
//               contracted or reordered: the same
//   AnyScore    all operations: a row is judged where rounding to f32 hardly
//               moves its scores
//
// Prob mods see equal probabilities, which are exact as well.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"
#include "Oracle.h"
#include "RandomCase.h"

#include "attnjit/Expr/Visitor.h"

#include <functional>

using namespace attnjit;
using namespace attnjit::test;

namespace {
/// Rows of which the output was compared, and all rows.
struct Judged {
  int64_t rows = 0, total = 0;
};
} // namespace

/// Runs a mod on random values, changed by `prepare`, and compares every row
/// whose scores are certain up to `maxDoubt`.
static Judged expectRows(const ModProgram &mod, uint64_t seed, double maxDoubt,
                         void (*prepare)(Problem &) = makeScoresExact) {
  Random random(seed);
  Shape shape = randomShape(random, 8, 12);
  shape.mask = MaskKind::None; // the Oracle has none
  std::string note = describeCase(mod, shape, seed);
  Problem problem(mod, shape, seed, Captures::Interesting);
  prepare(problem);
  makeOffsetsExtreme(problem);
  Judged judged;
  if (runEverywhere(mod, problem, note) != Outcome::Ran)
    return judged;
  Oracle oracle(mod, problem);
  for (int64_t b = 0; b < shape.B; ++b)
    for (int64_t h = 0; h < shape.Hq(); ++h)
      for (int64_t i = 0; i < shape.Sq; ++i) {
        OracleRow want = oracle.row(b, h, i);
        ++judged.total;
        bool isExact = maxDoubt == 0;
        if (!isExact && !(want.doubt <= maxDoubt))
          continue;
        judged.rows += !want.isWild;
        std::string wrong =
            compareRow(problem, b, h, i, want, isExact ? 0 : 1e-3);
        if (wrong.empty())
          continue;
        ADD_FAILURE() << wrong << "\n" << note;
        return judged;
      }
  return judged;
}

/// A mask of the same kind for every second mod.
static Expr maskFor(uint64_t seed, RandomExpr &exprs) {
  return seed % 2 ? exprs.make(Type::Bool) : Expr();
}

TEST(RandomScore, Bias) {
  forRandomSeeds(20'000, 70, [&](uint64_t seed) {
    RandomExpr exprs(seed, randomModOptions(/*withScore=*/false,
                                            /*transcendentals=*/false));
    Expr score = exprs.make(Type::F32);
    expectRows(modOf(score, maskFor(seed, exprs)), seed, 0);
  });
}

/// `e` without what a target may contract or reorder in values of `var`.
static Expr withoutFreedom(const Expr &e, Var var) {
  return transform(e, [&](const Expr &node, std::span<const Expr> operands) {
    bool isFree = node->type() == Type::F32 && node->dependsOn(var);
    if (isFree && node->op() == Op::Mul)
      return Expr::make(Op::Max, operands);
    if (isFree && node->op() == Op::Reduce &&
        node->reduceKind() == ReduceKind::Sum)
      return Expr::invalid("left out");
    return rebuild(node, operands);
  });
}

TEST(RandomScore, ExactScore) {
  RandomExprOptions options =
      randomModOptions(/*withScore=*/true, /*transcendentals=*/false);
  // Trees that see the score at all are wanted.
  options.vars.insert(options.vars.end(), 4, Var::Score);
  RandomExprOptions maskOptions = randomModOptions(false, false);
  forRandomSeeds(40'000, 70, [&](uint64_t seed) {
    RandomExpr exprs(seed, options), masks(seed, maskOptions);
    Expr score;
    do
      score = withoutFreedom(exprs.make(Type::F32), Var::Score);
    while (score->op() == Op::Invalid || !score->dependsOn(Var::Score));
    expectRows(modOf(score, maskFor(seed, masks)), seed, 0);
  });
}

/// Whether an inexact value decides something: a comparison, a step, a
/// conversion to i32, and so which element is loaded.
static bool hasInexactDecision(const Expr &root) {
  std::unordered_map<const ExprNode *, bool> isInexact;
  bool found = false;
  for (const Expr &node : topologicalOrder({&root, 1})) {
    bool inexact = false;
    for (const Expr &operand : node->operands())
      inexact |= isInexact[operand.get()];
    switch (node->op()) {
    case Op::Exp:
    case Op::Exp2:
    case Op::Log:
    case Op::Log2:
    case Op::Rsqrt:
    case Op::Pow:
    case Op::Tanh:
    case Op::Sigmoid:
    case Op::Erf:
    case Op::Sin:
    case Op::Cos:
    case Op::Gelu:
      inexact = true;
      break;
    case Op::Lt:
    case Op::Le:
    case Op::Gt:
    case Op::Ge:
    case Op::Eq:
    case Op::Ne:
    case Op::Sign:
    case Op::Floor:
    case Op::Ceil:
    case Op::Trunc:
    case Op::Round:
    case Op::ToI32:
    case Op::ToBool:
      found |= inexact;
      break;
    default:
      break;
    }
    isInexact[node.get()] = inexact;
  }
  return found;
}

TEST(RandomScore, AnyScore) {
  RandomExprOptions options =
      randomModOptions(/*withScore=*/true, /*transcendentals=*/true);
  options.vars.insert(options.vars.end(), 4, Var::Score);
  RandomExprOptions maskOptions = randomModOptions(false, false);
  Judged all;
  forRandomSeeds(60'000, 90, [&](uint64_t seed) {
    RandomExpr exprs(seed, options), masks(seed, maskOptions);
    Expr score;
    do
      score = exprs.make(Type::F32);
    while (hasInexactDecision(score) || !score->dependsOn(Var::Score));
    Judged judged = expectRows(modOf(score, maskFor(seed, masks)), seed, 1e-4);
    all.rows += judged.rows;
    all.total += judged.total;
  });
  std::printf("%lld of %lld rows judged\n", static_cast<long long>(all.rows),
              static_cast<long long>(all.total));
  if (!seedFromEnvironment())
    EXPECT_GT(all.rows * 2, all.total);
}

/// Makes all probabilities of a row 1 / (number of kept keys).
static void makeProbsEqual(Problem &problem) {
  forEachElement(problem.args.q, [](auto &, std::byte *address) {
    *reinterpret_cast<float *>(address) = 0;
  });
  problem.args.scale = 1.0f;
}

TEST(RandomProb, ExactProb) {
  RandomExprOptions options = RandomExprOptions::everything();
  std::erase(options.vars, Var::Score);
  options.transcendentals = false;
  options.vars.insert(options.vars.end(), 4, Var::Prob);
  RandomExprOptions maskOptions = randomModOptions(false, false);
  Judged all;
  forRandomSeeds(80'000, 70, [&](uint64_t seed) {
    RandomExpr exprs(seed, options), masks(seed, maskOptions);
    ModParts parts;
    parts.name = "random";
    do
      parts.prob = withoutFreedom(exprs.make(Type::F32), Var::Prob);
    while (parts.prob->op() == Op::Invalid ||
           !parts.prob->dependsOn(Var::Prob));
    parts.mask = maskFor(seed, masks);
    Expected<ModProgram> mod = ModProgram::create(std::move(parts));
    ASSERT_TRUE(mod) << mod.error().message();
    Judged judged = expectRows(*mod, seed, 0, makeProbsEqual);
    all.rows += judged.rows;
    all.total += judged.total;
  });
  if (!seedFromEnvironment())
    EXPECT_GT(all.rows * 2, all.total);
}
