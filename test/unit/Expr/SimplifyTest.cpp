//===- SimplifyTest.cpp - Tests of the simplifier -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle is the Interpreter on the expression as it was. Each rule is
// checked by itself, then whole random trees, then the properties of the
// result: fixed point, same in every order of making, never Invalid.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Simplify.h"

#include "RandomExpr.h"
#include "SimplifyRules.h"
#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Expr/Visitor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace attnjit {
namespace {

using namespace attnjit::test;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

/// Enough of an expression to find it again.
std::string text(const Expr &e) {
  switch (e->op()) {
  case Op::Const:
    return e->type() == Type::F32
               ? fmt::format("{}f", e->constant().asF32())
               : fmt::format("{}", e->type() == Type::I32
                                       ? e->constant().asI32()
                                       : e->constant().asI64());
  case Op::Var:
    return std::string(name(e->var()));
  case Op::SizeOf:
    return std::string(name(e->size()));
  case Op::Param:
    return e->param().name;
  case Op::ReduceVar:
    return fmt::format("r{}", e->reduceVar());
  case Op::Invalid:
    return fmt::format("invalid: {}", e->message());
  default:
    break;
  }
  std::string result(spelling(e->op()));
  if (e->op() == Op::Load)
    result = e->buffer().name;
  if (e->op() == Op::Reduce)
    result = fmt::format("{}[r{} in {}..{}]", name(e->reduceKind()),
                         e->reduceVar(), e->reduceLo(), e->reduceHi());
  result += "(";
  for (const Expr &operand : e->operands())
    result += text(operand) + " ";
  result.back() = ')';
  return result;
}

std::string text(const Value &value) {
  return value.type == Type::F32 ? fmt::format("{}", value.f)
                                 : fmt::format("{}", value.i);
}

/// Whether both have the same value, bit for bit, at `points` random points.
testing::AssertionResult areEqual(const Expr &a, const Expr &b, uint64_t seed,
                                  int points,
                                  const RandomExprOptions &options = {}) {
  Random random(seed);
  std::array roots = {a, b};
  auto interpreter = Interpreter::create(roots, options.params, options.buffers,
                                         Interpreter::Mode::F32);
  if (!interpreter)
    return testing::AssertionFailure() << interpreter.error().message();
  for (int k = 0; k < points; ++k) {
    RandomCaptures captures(random, options.params, options.buffers);
    Bindings bindings = randomBindings(random, captures);
    std::span<const Value> values = interpreter->evaluate(bindings);
    if (!isSameValue(values[0], values[1]))
      return testing::AssertionFailure()
             << "seed " << seed << ", point " << k << ": " << text(values[0])
             << " became " << text(values[1]) << "\n  " << text(a) << "\n  "
             << text(b);
  }
  return testing::AssertionSuccess();
}

Expr q() { return Expr::var(Var::Q); }
Expr kv() { return Expr::var(Var::Kv); }
Expr score() { return Expr::var(Var::Score); }
Expr call(Op op, std::initializer_list<Expr> operands) {
  return Expr::make(op, operands);
}

//===----------------------------------------------------------------------===//
// Each rule
//===----------------------------------------------------------------------===//

/// The wildcards of a pattern, by name.
void collectWildcards(const Pattern &pattern,
                      std::map<char, const Pattern *> &wildcards) {
  if (pattern.isWildcard())
    wildcards.emplace(pattern.name, &pattern);
  for (const Pattern &operand : pattern.operands)
    collectWildcards(operand, wildcards);
}

/// A param of that type for the wildcard, or a constant.
Expr standIn(Random &random, const Pattern &wildcard, Type type) {
  bool mayBeConstant = wildcard.kind != Pattern::Kind::NonConstant;
  if (wildcard.kind == Pattern::Kind::Constant ||
      (mayBeConstant && oneIn(random, 4)))
    return Expr::constant(interestingScalar(random, type));
  ParamDecl decl{std::string(1, wildcard.name), type, {}};
  if (type != Type::I64)
    return Expr::param(decl);
  decl.type = Type::I32;
  return Expr::make(Op::ToI64, {Expr::param(decl)});
}

/// All wildcards of a rule share one type where they can.
Type typeFor(TypeSet types, Type wanted) {
  if (types & typeSet(wanted))
    return wanted;
  for (Type type : {Type::I32, Type::F32, Type::Bool})
    if (types & typeSet(type))
      return type;
  return Type::I64;
}

std::vector<ParamDecl> paramsOf(const Expr &a, const Expr &b) {
  std::vector<ParamDecl> params;
  for (const Expr &node : topologicalOrder(std::array{a, b}))
    if (node->op() == Op::Param)
      params.push_back(node->param());
  return params;
}

/// Checks `rule` with stand-ins of `wanted` type; how often it fitted.
int checkRule(const Rule &rule, Type wanted, uint64_t seed) {
  std::map<char, const Pattern *> wildcards;
  collectWildcards(rule.left, wildcards);
  Random random(seed);
  int fitted = 0;
  for (int attempt = 0; attempt < 3000 && fitted < 25; ++attempt) {
    std::map<char, Expr> bound;
    Match match;
    bool fits = true;
    for (const auto &[name, wildcard] : wildcards) {
      Type type = typeFor(wildcard->types, wanted);
      Expr &e = bound[name] = standIn(random, *wildcard, type);
      fits = fits && match.bind(*wildcard, e);
    }
    if (!fits || !match.holds(rule.condition))
      continue;
    // Nodes as the language makes them, with nothing simplified.
    auto make = [](Op op, std::span<const Expr> operands) {
      return Expr::make(op, operands);
    };
    Expr left = match.build(rule.left, make);
    if (left->op() == Op::Invalid)
      continue; // a constant 0 as divisor, or types that do not go together
    Expr right = match.build(rule.right, make);
    EXPECT_NE(right->op(), Op::Invalid) << right->message();
    if (right->op() == Op::Invalid)
      return fitted;
    EXPECT_EQ(left->type(), right->type());
    RandomExprOptions options;
    options.params = paramsOf(left, right);
    EXPECT_TRUE(areEqual(left, right, seed + attempt, 60, options));
    if (testing::Test::HasFailure())
      return fitted;
    ++fitted;
  }
  return fitted;
}

TEST(SimplifyRules, HoldBitForBit) {
  uint64_t seed = 1;
  for (const Rule &rule : simplifyRules()) {
    SCOPED_TRACE(text(rule));
    int fitted = 0;
    for (Type type : {Type::I32, Type::F32, Type::Bool, Type::I64})
      fitted += checkRule(rule, type, seed += 1000000);
    // A rule that never fits was not checked.
    EXPECT_GT(fitted, 0);
    if (testing::Test::HasFailure())
      return;
  }
}

/// A rule whose left side the simplifier leaves as it is would be dead.
TEST(SimplifyRules, ChangeWhatTheyMatch) {
  for (const Rule &rule : simplifyRules()) {
    std::map<char, const Pattern *> wildcards;
    collectWildcards(rule.left, wildcards);
    Random random(7);
    for (int attempt = 0; attempt < 200; ++attempt) {
      Match match;
      std::map<char, Expr> bound;
      bool fits = true;
      for (const auto &[name, wildcard] : wildcards)
        fits = fits &&
               match.bind(*wildcard, bound[name] = standIn(
                                         random, *wildcard,
                                         typeFor(wildcard->types, Type::I32)));
      if (!fits || !match.holds(rule.condition))
        continue;
      Expr left = match.build(rule.left, [](Op op, auto operands) {
        return Expr::make(op, operands);
      });
      if (left->op() != Op::Invalid) {
        EXPECT_NE(simplify(left), left) << text(rule);
        break;
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Random trees
//===----------------------------------------------------------------------===//

struct TreeCase {
  const char *name;
  int maxDepth;
  int count;
  bool i64;
};

class SimplifyTrees : public testing::TestWithParam<TreeCase> {};

TEST_P(SimplifyTrees, KeepTheirValuesAndStayFixed) {
  RandomExprOptions options = RandomExprOptions::everything();
  options.maxDepth = GetParam().maxDepth;
  options.i64 = GetParam().i64;
  for (int k = 0; k < GetParam().count; ++k) {
    uint64_t seed = 1000003u * static_cast<uint64_t>(options.maxDepth) + k;
    RandomExpr source(seed, options);
    constexpr std::array kTypes = {Type::Bool, Type::I32, Type::F32};
    Expr e = source.make(kTypes[k % 3]);
    Expr simple = simplify(e);
    ASSERT_NE(simple->op(), Op::Invalid) << "seed " << seed;
    ASSERT_EQ(simple->type(), e->type()) << "seed " << seed;
    ASSERT_TRUE(areEqual(e, simple, seed, 12, options));
    ASSERT_EQ(simplify(simple), simple)
        << "seed " << seed << "\n  " << text(simple) << "\n  "
        << text(simplify(simple));
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, SimplifyTrees,
                         testing::Values(TreeCase{"Flat", 3, 12000, false},
                                         TreeCase{"Usual", 5, 6000, false},
                                         TreeCase{"UsualI64", 5, 3000, true},
                                         TreeCase{"Deep", 8, 600, true}),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

//===----------------------------------------------------------------------===//
// Canonical forms
//===----------------------------------------------------------------------===//

TEST(Simplify, MakesOneFormOfCommutedOperands) {
  Expr a = call(Op::Add, {q(), call(Op::Mul, {kv(), Expr::i32(3)})});
  Expr b = call(Op::Add, {call(Op::Mul, {Expr::i32(3), kv()}), q()});
  EXPECT_NE(a, b);
  EXPECT_EQ(simplify(a), simplify(b));
}

TEST(Simplify, MakesOneFormOfComparisons) {
  Expr forms[] = {
      call(Op::Ge, {q(), Expr::i32(5)}), call(Op::Gt, {q(), Expr::i32(4)}),
      call(Op::Le, {Expr::i32(5), q()}), call(Op::Lt, {Expr::i32(4), q()}),
      call(Op::Not, {call(Op::Lt, {q(), Expr::i32(5)})})};
  for (const Expr &form : forms)
    EXPECT_EQ(simplify(form), forms[0]) << text(form);
  EXPECT_EQ(simplify(call(Op::Ge, {q(), kv()})), call(Op::Le, {kv(), q()}));
}

TEST(Simplify, KeepsNaNApart) {
  // not (score < 0) is true for NaN, score >= 0 is not.
  Expr negated = call(Op::Not, {call(Op::Lt, {score(), Expr::f32(0)})});
  EXPECT_EQ(simplify(negated), negated);
  Expr isNaN = call(Op::Ne, {score(), score()});
  EXPECT_EQ(simplify(isNaN), isNaN);
  Expr difference = call(Op::Sub, {score(), score()});
  EXPECT_EQ(simplify(difference), difference);
  Expr product = call(Op::Mul, {score(), Expr::f32(0)});
  EXPECT_EQ(simplify(product), product);
}

TEST(Simplify, KeepsSignedZerosApart) {
  Expr plusZero = call(Op::Add, {score(), Expr::f32(0.0f)});
  EXPECT_EQ(simplify(plusZero), plusZero);
  EXPECT_EQ(simplify(call(Op::Add, {score(), Expr::f32(-0.0f)})), score());
}

TEST(Simplify, DividesByWhatTurnsOutToBeZero) {
  Expr p = Expr::param({"p", Type::I32, {}});
  Expr zero = call(Op::Sub, {p, p});
  EXPECT_EQ(simplify(call(Op::FloorDiv, {q(), zero})), Expr::i32(0));
  EXPECT_EQ(simplify(call(Op::Mod, {q(), zero})), Expr::i32(0));
}

TEST(Simplify, DividesByPowersOfTwoWithShifts) {
  EXPECT_EQ(simplify(call(Op::FloorDiv, {q(), Expr::i32(64)})),
            call(Op::Shr, {q(), Expr::i32(6)}));
  EXPECT_EQ(simplify(call(Op::Mod, {q(), Expr::i32(64)})),
            call(Op::And, {q(), Expr::i32(63)}));
  Expr byThree = call(Op::FloorDiv, {q(), Expr::i32(3)});
  EXPECT_EQ(simplify(byThree), byThree);
  Expr byMin = call(Op::FloorDiv, {q(), Expr::i32(INT32_MIN)});
  EXPECT_EQ(simplify(byMin), byMin);
}

TEST(Simplify, GivesNaNOneForm) {
  Expr negative = Expr::constant({Type::F32, 0xFFC01234u});
  Expr folded = call(Op::Sub, {Expr::f32(INFINITY), Expr::f32(INFINITY)});
  EXPECT_EQ(simplify(negative), simplify(folded));
}

/// The result depends on structure alone: not on addresses, on what else was
/// made before, or on the numbers that reduction variables had meanwhile.
TEST(Simplify, IsTheSameWheneverItIsMade) {
  RandomExprOptions options = RandomExprOptions::everything();
  auto run = [&] {
    std::vector<uint64_t> hashes;
    for (uint64_t seed = 0; seed < 300; ++seed)
      hashes.push_back(
          simplify(RandomExpr(seed, options).make(Type::Bool))->hash());
    return hashes;
  };
  std::vector<uint64_t> first = run();
  std::vector<Expr> others;
  for (int k = 0; k < 5000; ++k)
    others.push_back(call(Op::Add, {Expr::freshReduceVar(), Expr::i32(k)}));
  EXPECT_EQ(run(), first);
}

TEST(Simplify, LeavesNullAndInvalidAlone) {
  EXPECT_EQ(simplify(Expr()), Expr());
  Expr invalid = Expr::invalid("because");
  EXPECT_EQ(simplify(invalid), invalid);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Expr reduce(ReduceKind kind, int64_t lo, int64_t hi,
            const std::function<Expr(Expr)> &body) {
  Expr variable = Expr::freshReduceVar();
  return Expr::reduce(kind, lo, hi, variable, body(variable));
}

TEST(SimplifyReduce, ReplacesOneStepByItsBody) {
  Expr one = reduce(ReduceKind::Sum, 4, 5,
                    [](Expr i) { return call(Op::Add, {q(), i}); });
  EXPECT_EQ(simplify(one), call(Op::Add, {q(), Expr::i32(4)}));
}

TEST(SimplifyReduce, TakesOutWhatDoesNotChange) {
  Expr isSame = call(Op::Eq, {q(), kv()});
  for (ReduceKind kind : {ReduceKind::Any, ReduceKind::All})
    EXPECT_EQ(simplify(reduce(kind, 0, 9, [&](Expr) { return isSame; })),
              simplify(isSame));
  Expr sum = reduce(ReduceKind::Sum, 0, 9, [](Expr) { return q(); });
  EXPECT_EQ(simplify(sum), call(Op::Mul, {q(), Expr::i32(9)}));
  // In f32 nine additions are not a multiplication.
  Expr f32Sum = reduce(ReduceKind::Sum, 0, 9, [](Expr) { return score(); });
  EXPECT_EQ(simplify(f32Sum), f32Sum);
}

TEST(SimplifyReduce, NumbersVariablesAnewWhereNestingShrinks) {
  Expr outer = reduce(ReduceKind::Sum, 0, 3, [](Expr i) {
    return reduce(ReduceKind::Sum, 2, 3,
                  [&](Expr j) { return call(Op::Mul, {i, j}); });
  });
  Expr flat = reduce(ReduceKind::Sum, 0, 3,
                     [](Expr i) { return call(Op::Mul, {i, Expr::i32(2)}); });
  EXPECT_EQ(simplify(outer), simplify(flat));
}

//===----------------------------------------------------------------------===//
// Large inputs
//===----------------------------------------------------------------------===//

TEST(SimplifyLarge, TreeOfTwoToTheHundredLeaves) {
  Expr e = score();
  for (int k = 0; k < 100; ++k)
    e = call(k % 2 ? Op::Mul : Op::Add, {e, e});
  Expr simple = simplify(e);
  EXPECT_NE(simple->op(), Op::Invalid);
  EXPECT_EQ(simplify(simple), simple);
}

TEST(SimplifyLarge, DeepestChains) {
  for (Op op : {Op::Add, Op::Sub, Op::Mul, Op::Min, Op::Xor, Op::FloorDiv}) {
    Expr e = q();
    for (int k = 1; k < kMaxDepth; ++k)
      e = call(op, {e, k % 2 ? kv() : Expr::i32(k)});
    ASSERT_EQ(e->depth(), kMaxDepth);
    Expr simple = simplify(e);
    ASSERT_NE(simple->op(), Op::Invalid);
    EXPECT_TRUE(areEqual(e, simple, 11, 40)) << spelling(op);
  }
}

/// At the depth limit a rule that would deepen the tree must not be applied.
TEST(SimplifyLarge, DeepestSelects) {
  Expr e = call(Op::Lt, {q(), kv()});
  ParamDecl decl{"p", Type::Bool, {}};
  while (e->depth() < kMaxDepth)
    e = call(Op::Where, {e, Expr::boolean(false), Expr::param(decl)});
  Expr simple = simplify(e);
  ASSERT_NE(simple->op(), Op::Invalid);
  RandomExprOptions options;
  options.params = {decl};
  EXPECT_TRUE(areEqual(e, simple, 5, 40, options));
}

TEST(SimplifyLarge, WidestGraph) {
  std::vector<Expr> level;
  for (int k = 0; k < 12000; ++k)
    level.push_back(call(
        Op::Lt,
        {call(Op::Mod, {call(Op::Sub, {q(), Expr::i32(k)}), Expr::i32(k + 2)}),
         kv()}));
  while (level.size() > 1) {
    std::vector<Expr> next;
    for (size_t k = 0; k + 1 < level.size(); k += 2)
      next.push_back(call(Op::Or, {level[k], level[k + 1]}));
    if (level.size() % 2)
      next.push_back(level.back());
    level = std::move(next);
  }
  Expr simple = simplify(level[0]);
  EXPECT_TRUE(areEqual(level[0], simple, 3, 4));
  EXPECT_EQ(simplify(simple), simple);
}

TEST(SimplifyLarge, ManyOneStepReductionsOfOneBody) {
  Expr shared = kv();
  for (int k = 0; k < 150; ++k)
    shared = call(k % 2 ? Op::Xor : Op::Add,
                  {shared, call(Op::Mul, {shared, Expr::i32(k)})});
  Expr e = q();
  for (int k = 0; k < 600; ++k)
    e = call(Op::Xor, {e, reduce(ReduceKind::Sum, k, k + 1, [&](Expr i) {
                         return call(Op::Sub, {i, shared});
                       })});
  Expr simple = simplify(e);
  ASSERT_NE(simple->op(), Op::Invalid);
  EXPECT_TRUE(areEqual(e, simple, 9, 4));
}

} // namespace
} // namespace attnjit
