//===- InterpreterTapeTest.cpp - Tests of loops, modes and limits ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a tape adds to its operations: reductions, rows, rounding, tracking. The
// oracle is a direct recursion over the tree.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "InterpreterTestUtil.h"
#include "RandomExpr.h"

#include <algorithm>
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
// Reductions
//===----------------------------------------------------------------------===//

Expr reduce(ReduceKind kind, int64_t lo, int64_t hi,
            const std::function<Expr(Expr)> &body) {
  Expr variable = Expr::freshReduceVar();
  return Expr::reduce(kind, lo, hi, variable, body(variable));
}

TEST(InterpreterReduce, EachKind) {
  auto square = [](Expr i) { return call(Op::Mul, {i, i}); };
  EXPECT_EQ(evaluate(reduce(ReduceKind::Sum, -3, 5, square)).i, 44);
  EXPECT_EQ(evaluate(reduce(ReduceKind::Min, -3, 5, square)).i, 0);
  EXPECT_EQ(evaluate(reduce(ReduceKind::Max, -3, 5, square)).i, 16);
  auto isSix = [](Expr i) { return call(Op::Eq, {i, Expr::i32(6)}); };
  EXPECT_EQ(evaluate(reduce(ReduceKind::Any, 0, 7, isSix)).i, 1);
  EXPECT_EQ(evaluate(reduce(ReduceKind::Any, 0, 6, isSix)).i, 0);
  EXPECT_EQ(evaluate(reduce(ReduceKind::All, 6, 7, isSix)).i, 1);
  EXPECT_EQ(evaluate(reduce(ReduceKind::All, 5, 7, isSix)).i, 0);
}

TEST(InterpreterReduce, LongestRangeWraps) {
  Expr sum = reduce(ReduceKind::Sum, 0, kMaxReduceSteps,
                    [](Expr i) { return call(Op::Mul, {i, i}); });
  uint32_t expected = 0;
  for (uint32_t i = 0; i < 65536; ++i)
    expected += i * i;
  EXPECT_EQ(evaluate(sum).i, static_cast<int32_t>(expected));
}

TEST(InterpreterReduce, F32SumsInOrderAndRoundsEachStep) {
  Expr sum = reduce(ReduceKind::Sum, 1, 1000,
                    [](Expr i) { return call(Op::Div, {Expr::f32(1), i}); });
  float expected = 1;
  for (int i = 2; i < 1000; ++i)
    expected += 1.0f / static_cast<float>(i);
  EXPECT_BITS(evaluate(sum).f, expected);
  // No 0 is added: minus zero stays.
  Expr zeros = reduce(ReduceKind::Sum, 0, 3, [](Expr) { return score(); });
  Bindings bindings;
  bindings.score = -0.0;
  EXPECT_BITS(evaluate(zeros, bindings).f, -0.0f);
}

TEST(InterpreterReduce, NestedWithInvariantParts) {
  // sum i: q * i + max j: (i - j) * kv, over the variables of both.
  Expr e = reduce(ReduceKind::Sum, 0, 4, [](Expr i) {
    Expr inner = reduce(ReduceKind::Max, -1, 3, [&](Expr j) {
      return call(Op::Mul, {call(Op::Sub, {i, j}), kv()});
    });
    return call(Op::Add, {call(Op::Mul, {q(), i}), inner});
  });
  Bindings bindings;
  bindings[Var::Q] = 10;
  bindings[Var::Kv] = -3;
  int32_t expected = 0;
  for (int i = 0; i < 4; ++i) {
    int32_t inner = kMin;
    for (int j = -1; j < 3; ++j)
      inner = std::max(inner, (i - j) * -3);
    expected += 10 * i + inner;
  }
  EXPECT_EQ(evaluate(e, bindings).i, expected);
}

TEST(InterpreterReduce, BodiesSharedByReductionsOfOtherRanges) {
  Expr a = reduce(ReduceKind::Sum, 0, 3, [](Expr i) { return i; });
  Expr b = reduce(ReduceKind::Sum, 3, 7, [](Expr i) { return i; });
  ASSERT_EQ(a->operand(0), b->operand(0));
  EXPECT_EQ(evaluate(call(Op::Mul, {a, b})).i, 3 * 18);
}

//===----------------------------------------------------------------------===//
// Modes, magnitude, rows
//===----------------------------------------------------------------------===//

TEST(InterpreterModes, ReferenceComputesScoresInF64) {
  Expr third = call(Op::Div, {score(), Expr::f32(3)});
  Expr strict = call(Op::Div, {call(Op::ToF32, {q()}), Expr::f32(3)});
  Bindings bindings;
  bindings.score = 1.0 + 0x1p-40;
  bindings[Var::Q] = 1;
  auto at = [&](const Expr &e, Mode mode) {
    return evaluate(e, bindings, {}, {}, mode).f;
  };
  EXPECT_BITS(at(third, Mode::Reference), (1.0 + 0x1p-40) / 3);
  EXPECT_BITS(at(third, Mode::F32), 1.0f / 3.0f);
  EXPECT_BITS(at(strict, Mode::Reference), 1.0f / 3.0f);
  EXPECT_BITS(at(score(), Mode::F32), 1.0f);
  // i32 of a score-dependent value sees the f64.
  Expr scaled = call(Op::Mul, {score(), Expr::f32(0x1p24f)});
  Expr almost = call(Op::ToI32, {scaled});
  bindings.score = 1.0 - 0x1p-40;
  EXPECT_EQ(evaluate(almost, bindings, {}, {}, Mode::Reference).i,
            (1 << 24) - 1);
  EXPECT_EQ(evaluate(almost, bindings, {}, {}, Mode::F32).i, 1 << 24);
}

TEST(InterpreterModes, MagnitudeIsTheLargestFiniteScoreValue) {
  Expr big = call(Op::Mul, {score(), Expr::f32(-100)});
  Expr roots[] = {call(Op::Sub, {big, big}),
                  call(Op::Mul, {call(Op::ToF32, {q()}), Expr::f32(1e9f)}),
                  call(Op::Div, {score(), Expr::f32(0)})};
  auto interpreter = Interpreter::create(roots, {}, {}, Mode::Reference);
  ASSERT_TRUE(interpreter);
  Bindings bindings;
  bindings.score = 3;
  bindings[Var::Q] = 5;
  interpreter->evaluate(bindings);
  EXPECT_EQ(interpreter->maxMagnitude(), 300);
  bindings.score = 0.5;
  interpreter->evaluateNextKey(bindings);
  EXPECT_EQ(interpreter->maxMagnitude(), 50);
  bindings.score = NAN;
  interpreter->evaluate(bindings);
  EXPECT_EQ(interpreter->maxMagnitude(), 0);
}

TEST(InterpreterModes, MagnitudeSeesStepsOfReductions) {
  Expr sum = reduce(ReduceKind::Sum, 0, 5, [](Expr i) {
    return call(Op::Mul, {score(), call(Op::Sub, {Expr::i32(2), i})});
  });
  auto interpreter = Interpreter::create({&sum, 1}, {}, {}, Mode::Reference);
  ASSERT_TRUE(interpreter);
  Bindings bindings;
  bindings.score = 1;
  EXPECT_EQ(interpreter->evaluate(bindings)[0].f, 0);
  EXPECT_EQ(interpreter->maxMagnitude(), 3); // 2 + 1
}

TEST(InterpreterRows, NextKeyEqualsAFullEvaluation) {
  RandomExprOptions options = RandomExprOptions::everything();
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    RandomExpr source(seed, options);
    std::array roots = {source.make(Type::Bool), source.make(Type::F32)};
    auto row = Interpreter::create(roots, options.params, options.buffers,
                                   Mode::Reference);
    auto full = Interpreter::create(roots, options.params, options.buffers,
                                    Mode::Reference);
    ASSERT_TRUE(row && full);
    Random random(seed);
    RandomCaptures captures(random, options.params, options.buffers);
    Bindings bindings = randomBindings(random, captures);
    row->evaluate(bindings);
    for (int k = 0; k < 5; ++k) {
      bindings[Var::Kv] = interestingI32(random);
      bindings[Var::KvLocal] = interestingI32(random);
      bindings.score = interestingF32(random);
      bindings.prob = interestingF32(random);
      auto a = row->evaluateNextKey(bindings), b = full->evaluate(bindings);
      ASSERT_TRUE(isSameValue(a[0], b[0])) << "seed " << seed;
      ASSERT_TRUE(isSameValue(a[1], b[1])) << "seed " << seed;
      ASSERT_EQ(row->maxMagnitude(), full->maxMagnitude()) << "seed " << seed;
    }
  }
}

//===----------------------------------------------------------------------===//
// The tape against direct recursion
//===----------------------------------------------------------------------===//

/// Evaluates the tree as it is written, sharing and hoisting nothing. Loads
/// are left out: they are checked by hand above.
Slot evaluateTree(const Expr &e, const Bindings &bindings,
                  const std::map<std::string, Scalar> &params,
                  std::map<uint32_t, int64_t> &variables) {
  Slot slots[3] = {};
  Slot result = {.i = 0};
  switch (e->op()) {
  case Op::Const:
    return toSlot(e->constant());
  case Op::Var:
    if (e->var() == Var::Score)
      return {.f = bindings.score};
    if (e->var() == Var::Prob)
      return {.f = bindings.prob};
    return {.i = bindings.positions[static_cast<size_t>(e->var())]};
  case Op::SizeOf:
    return {.i = bindings.sizes[static_cast<size_t>(e->size())]};
  case Op::Param:
    return toSlot(params.at(e->param().name));
  case Op::ReduceVar:
    return {.i = variables.at(e->reduceVar())};
  case Op::Reduce: {
    OpFunction combine = opFunction(combiner(e->reduceKind()), e->type());
    auto outer = variables;
    for (int64_t i = e->reduceLo(); i < e->reduceHi(); ++i) {
      variables[e->reduceVar()] = i;
      Slot step = evaluateTree(e->operand(0), bindings, params, variables);
      result = i == e->reduceLo() ? step : combine(result, step, {.i = 0});
      if (e->type() == Type::F32)
        result.f = static_cast<float>(result.f);
    }
    variables = outer;
    return result;
  }
  default:
    break;
  }
  for (size_t k = 0; k < e->operands().size(); ++k)
    slots[k] = evaluateTree(e->operand(k), bindings, params, variables);
  Type operandType = e->operand(e->op() == Op::Where ? 1 : 0)->type();
  result = opFunction(e->op(), operandType)(slots[0], slots[1], slots[2]);
  if (e->type() == Type::F32)
    result.f = static_cast<float>(result.f);
  return result;
}

TEST(InterpreterTape, EqualsDirectRecursion) {
  RandomExprOptions options = RandomExprOptions::everything();
  options.buffers.clear();
  options.i64 = true;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    RandomExpr source(seed, options);
    Expr e =
        source.make(std::array{Type::I32, Type::F32, Type::Bool}[seed % 3]);
    auto interpreter =
        Interpreter::create({&e, 1}, options.params, {}, Mode::F32);
    ASSERT_TRUE(interpreter);
    Random random(seed);
    for (int k = 0; k < 3; ++k) {
      RandomCaptures captures(random, options.params, {});
      Bindings bindings = randomBindings(random, captures);
      std::map<std::string, Scalar> params;
      for (size_t p = 0; p < options.params.size(); ++p)
        params[options.params[p].name] = captures.params()[p];
      std::map<uint32_t, int64_t> variables;
      Slot slot = evaluateTree(e, bindings, params, variables);
      Value expected{e->type()};
      if (e->type() == Type::F32)
        expected.f = slot.f;
      else
        expected.i = slot.i;
      ASSERT_TRUE(isSameValue(interpreter->evaluate(bindings)[0], expected))
          << "seed " << seed;
    }
  }
}

//===----------------------------------------------------------------------===//
// Limits and errors
//===----------------------------------------------------------------------===//

TEST(InterpreterErrors, NameWhatIsMissing) {
  auto errorOf = [](const Expr &e, std::span<const ParamDecl> params = {},
                    std::span<const BufferDecl> buffers = {}) {
    auto result = Interpreter::create({&e, 1}, params, buffers, Mode::F32);
    return result ? std::string("no error") : result.error().message();
  };
  EXPECT_EQ(errorOf(Expr()), "an absent expression has no value");
  EXPECT_EQ(errorOf(Expr::invalid("because")), "because");
  EXPECT_EQ(errorOf(Expr::freshReduceVar()),
            "a reduction variable is used outside its reduction");
  ParamDecl wanted{"w", Type::I32, {}}, given{"w", Type::F32, {}};
  EXPECT_EQ(errorOf(Expr::param(wanted)), "param `w` is not among those given");
  EXPECT_EQ(errorOf(Expr::param(wanted), {&given, 1}),
            "param `w` is given as f32, the expression reads i32");
  BufferDecl vector{"t", DType::F32, {Dim::any()}, {}};
  BufferDecl matrix{"t", DType::F16, {Dim::any(), Dim::any()}, {}};
  Expr load = Expr::load(vector, std::array{q()});
  EXPECT_EQ(errorOf(load), "buffer `t` is not among those given");
  EXPECT_EQ(errorOf(load, {}, {&matrix, 1}),
            "buffer `t` is given as f16 of rank 2, the expression reads f32 of "
            "rank 1");
}

TEST(InterpreterLimits, DeepAndShared) {
  Expr chain = q();
  while (chain->depth() < kMaxDepth)
    chain = call(Op::Xor, {chain, kv()});
  Bindings bindings;
  bindings[Var::Q] = 9;
  bindings[Var::Kv] = 5;
  EXPECT_EQ(evaluate(chain, bindings).i, 9 ^ 5); // 999 times
  Expr tree = q();
  for (int k = 0; k < 100; ++k)
    tree = call(Op::Add, {tree, tree});
  EXPECT_EQ(evaluate(tree, bindings).i, 0); // 9 * 2^100 modulo 2^32
}

/// Reductions that share a large body make a tape much longer than the graph:
/// refused, not attempted.
TEST(InterpreterLimits, RefusesATapeBeyondReason) {
  Expr variable = Expr::freshReduceVar();
  Expr body = variable;
  for (int k = 0; k < 600; ++k)
    body = call(Op::Xor, {body, variable});
  std::vector<Expr> sums;
  for (int n = 1; n <= 2000; ++n)
    sums.push_back(Expr::reduce(ReduceKind::Sum, 0, n, variable, body));
  auto result = Interpreter::create(sums, {}, {}, Mode::F32);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::Unsupported);
}

} // namespace
} // namespace attnjit
