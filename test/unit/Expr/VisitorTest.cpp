//===- VisitorTest.cpp - Rewriting and the scope of reduction variables ---===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle is an evaluator with lexical scopes: replacing a variable by an
// expression equals giving the variable the value that the expression has
// outside. It knows nothing of how reduction variables are numbered.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Visitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

using namespace attnjit;

namespace {

Expr q() { return Expr::var(Var::Q); }
Expr kv() { return Expr::var(Var::Kv); }

/// Values of positions and of the reduction variables in scope.
struct Scope {
  std::map<Var, uint32_t> vars;
  std::map<uint32_t, uint32_t> reduceVars;
};

uint32_t evaluate(const Expr &e, Scope &scope);

uint32_t evaluateReduce(const Expr &e, Scope &scope) {
  auto outer = scope.reduceVars;
  uint32_t result = 0;
  for (int64_t t = e->reduceLo(); t < e->reduceHi(); ++t) {
    scope.reduceVars[e->reduceVar()] = static_cast<uint32_t>(t);
    uint32_t value = evaluate(e->operand(0), scope);
    if (t == e->reduceLo())
      result = value;
    else if (e->reduceKind() == ReduceKind::Sum)
      result += value;
    else if (e->reduceKind() == ReduceKind::Max)
      result =
          std::max(static_cast<int32_t>(result), static_cast<int32_t>(value));
    else
      ADD_FAILURE() << "no such reduction is generated";
  }
  scope.reduceVars = outer;
  return result;
}

uint32_t evaluate(const Expr &e, Scope &scope) {
  auto operand = [&](size_t i) { return evaluate(e->operand(i), scope); };
  switch (e->op()) {
  case Op::Const:
    return static_cast<uint32_t>(e->constant().asI32());
  case Op::Var:
    return scope.vars.at(e->var());
  case Op::ReduceVar:
    return scope.reduceVars.at(e->reduceVar());
  case Op::Reduce:
    return evaluateReduce(e, scope);
  case Op::Add:
    return operand(0) + operand(1);
  case Op::Sub:
    return operand(0) - operand(1);
  case Op::Mul:
    return operand(0) * operand(1);
  default:
    ADD_FAILURE() << spelling(e->op());
    return 0;
  }
}

/// Random i32 expressions; variables of reductions under construction are on
/// `open`, and expressions made before are used again.
struct Generator {
  std::mt19937 random;
  std::vector<Expr> open;

  Expr make(int depth) {
    unsigned choice = random() % 10;
    if (depth == 0 || choice == 0)
      return makeLeaf();
    if (choice < 4) {
      ReduceKind kind = random() % 2 ? ReduceKind::Sum : ReduceKind::Max;
      auto lo = static_cast<int64_t>(random() % 3);
      open.push_back(Expr::freshReduceVar());
      Expr body = make(depth - 1);
      Expr variable = open.back();
      open.pop_back();
      return Expr::reduce(kind, lo, lo + 1 + random() % 2, variable, body);
    }
    static constexpr Op kOps[] = {Op::Add, Op::Sub, Op::Mul};
    Op op = kOps[random() % 3];
    Expr left = make(depth - 1);
    Expr right = random() % 3 ? make(depth - 1) : left;
    return Expr::make(op, {left, right});
  }

  Expr makeLeaf() {
    if (!open.empty() && random() % 2)
      return open[random() % open.size()];
    switch (random() % 3) {
    case 0:
      return q();
    case 1:
      return kv();
    default:
      return Expr::i32(static_cast<int>(random() % 5) - 2);
    }
  }
};

/// In a finished expression each Reduce binds the nesting of its body.
void expectCanonical(const Expr &e) {
  EXPECT_FALSE(e->hasFreeReduceVars());
  for (const Expr &node : topologicalOrder({&e, 1})) {
    ASSERT_NE(node->op(), Op::Invalid);
    if (node->op() == Op::Reduce) {
      EXPECT_EQ(static_cast<int>(node->reduceVar()),
                node->operand(0)->reduceNesting());
    }
  }
}

constexpr unsigned kSeeds = 1000;

TEST(Visitor, NamesOfReductionVariablesDoNotMatter) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Generator one{std::mt19937(seed), {}}, two{std::mt19937(seed), {}};
    Expr e = one.make(6);
    EXPECT_EQ(e, two.make(6));
    expectCanonical(e);
  }
}

TEST(Visitor, SubstitutionNeverCaptures) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator{std::mt19937(seed), {}};
    Expr inner = generator.make(5);
    // A replacement over the variable of a reduction around the result.
    Expr t = Expr::freshReduceVar();
    generator.open = {t};
    Expr value = generator.make(4);
    generator.open.clear();
    std::pair<Expr, Expr> replacement(q(), value);
    Expr moved = substitute(inner, {&replacement, 1});
    Expr outer =
        Expr::reduce(ReduceKind::Sum, 1, 4, t, Expr::make(Op::Add, {moved, t}));
    expectCanonical(outer);

    Scope scope{{{Var::Q, 3}, {Var::Kv, 5}}, {}};
    uint32_t expected = 0;
    for (uint32_t step = 1; step < 4; ++step) {
      Scope around = scope;
      around.reduceVars[t->reduceVar()] = step;
      Scope inside = around;
      inside.vars[Var::Q] = evaluate(value, around);
      expected += evaluate(inner, inside) + step;
    }
    EXPECT_EQ(evaluate(outer, scope), expected);
  }
}

TEST(Visitor, BodiesOfFinishedReductionsCanBeOpened) {
  unsigned opened = 0;
  Expr earlier = q();
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator{std::mt19937(seed), {}};
    Expr host = generator.make(5), guest = generator.make(5);
    for (const Expr &node : topologicalOrder({&guest, 1})) {
      if (node->op() != Op::Reduce || !node->operand(0)->hasFreeReduceVars())
        continue;
      ++opened;
      // The body's variables are free now and have the numbers that reductions
      // of the host bind as well; those of an earlier body stand beside them.
      Expr body = node->operand(0);
      Expr root =
          Expr::make(Op::Add, {Expr::make(Op::Add, {host, earlier}), body});
      std::pair<Expr, Expr> replacement(q(),
                                        Expr::make(Op::Sub, {body, earlier}));
      Expr moved = substitute(root, {&replacement, 1});
      Scope around{{{Var::Q, 3}, {Var::Kv, 5}}, {}};
      for (uint32_t var = 0; var < kMaxReduceNesting; ++var)
        around.reduceVars[var] = 7 + 2 * var;
      Scope inside = around;
      inside.vars[Var::Q] = evaluate(replacement.second, around);
      EXPECT_EQ(evaluate(moved, around), evaluate(root, inside));
      earlier = body;

      // Instantiating the variable gives the steps of the reduction.
      for (const Expr &leaf : topologicalOrder({&body, 1})) {
        if (leaf->op() != Op::ReduceVar ||
            leaf->reduceVar() != node->reduceVar())
          continue;
        Scope step = around;
        step.reduceVars[leaf->reduceVar()] = 11;
        std::pair<Expr, Expr> instance(leaf, Expr::i32(11));
        EXPECT_EQ(evaluate(substitute(body, {&instance, 1}), step),
                  evaluate(body, step));
      }
    }
  }
  EXPECT_GT(opened, kSeeds);
}

TEST(Visitor, RewritesThatNestDeeperStayCanonical) {
  Expr t = Expr::freshReduceVar();
  // 77 keeps it apart from whatever the generator makes.
  Expr closed = Expr::reduce(ReduceKind::Sum, 0, 2, t,
                             Expr::make(Op::Mul, {t, Expr::i32(77)}));
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator{std::mt19937(seed), {}};
    Expr e = generator.make(6);
    // Each q becomes a reduction, so that every Reduce around it must be
    // numbered anew, and a q again.
    Expr deeper =
        transform(e, [&](const Expr &node, std::span<const Expr> operands) {
          return node == q() ? closed : rebuild(node, operands);
        });
    expectCanonical(deeper);
    Scope scope{{{Var::Q, 3}, {Var::Kv, 5}}, {}};
    Scope inside = scope;
    inside.vars[Var::Q] = evaluate(closed, scope);
    EXPECT_EQ(evaluate(deeper, scope), evaluate(e, inside));
    std::pair<Expr, Expr> back(closed, q());
    if (!e->dependsOn(Var::Q))
      continue;
    Expr shallower = substitute(deeper, {&back, 1});
    expectCanonical(shallower);
    EXPECT_EQ(shallower, e);
  }
}

TEST(Visitor, ReplacementsAreSimultaneousAndTyped) {
  Expr e = Expr::make(Op::Sub, {q(), kv()});
  std::vector<std::pair<Expr, Expr>> swap = {{q(), kv()}, {kv(), q()}};
  EXPECT_EQ(substitute(e, swap), Expr::make(Op::Sub, {kv(), q()}));
  std::vector<std::pair<Expr, Expr>> wrong = {{q(), Expr::f32(1)}};
  EXPECT_EQ(substitute(e, wrong)->message(),
            "a f32 cannot stand for `q`, which is i32");
  EXPECT_EQ(substitute(Expr(), swap), Expr());
}

TEST(Visitor, OrderIsOperandsFirstEachOnce) {
  Generator generator{std::mt19937(1), {}};
  std::vector<Expr> roots = {generator.make(7), Expr(), generator.make(7)};
  std::vector<Expr> order = topologicalOrder(roots);
  std::map<const ExprNode *, size_t> places;
  for (size_t i = 0; i < order.size(); ++i) {
    for (const Expr &operand : order[i]->operands())
      EXPECT_TRUE(places.contains(operand.get()));
    EXPECT_TRUE(places.emplace(order[i].get(), i).second);
  }
  EXPECT_TRUE(places.contains(roots[0].get()));
  EXPECT_TRUE(places.contains(roots[2].get()));
}

TEST(Visitor, RebuildGivesTheSameNodeForTheSameOperands) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Generator generator{std::mt19937(seed), {}};
    Expr e = generator.make(6);
    EXPECT_EQ(transform(e, rebuild), e) << seed;
  }
}

TEST(Reduce, ChecksItsRangeAndBody) {
  Expr t = Expr::freshReduceVar();
  Expr isKv = Expr::make(Op::Eq, {t, kv()});
  auto message = [&](ReduceKind kind, int64_t lo, int64_t hi,
                     const Expr &body) {
    Expr e = Expr::reduce(kind, lo, hi, t, body);
    return e->op() == Op::Invalid ? e->message() : "";
  };
  EXPECT_EQ(message(ReduceKind::Any, 0, kMaxReduceSteps, isKv), "");
  EXPECT_EQ(message(ReduceKind::Any, -5, 3, isKv), "");
  EXPECT_EQ(message(ReduceKind::Any, 3, 3, isKv),
            "the range 3..3 of a reduction is empty");
  EXPECT_EQ(message(ReduceKind::Any, 0, kMaxReduceSteps + 1, isKv),
            "the range 0..65537 of a reduction has 65537 steps; at most 65536 "
            "are allowed");
  EXPECT_EQ(message(ReduceKind::Any, INT64_MIN, INT64_MAX, isKv),
            "the range of a reduction holds values that are not i32");
  EXPECT_EQ(message(ReduceKind::Sum, 0, 2, isKv),
            "the body of `sum` is f32 or i32, not bool");
  EXPECT_EQ(message(ReduceKind::All, 0, 2, t),
            "the body of `all` is bool, not i32");
  EXPECT_EQ(Expr::reduce(ReduceKind::Sum, 0, 2, q(), t)->op(), Op::Invalid);
}

TEST(Reduce, NestingHasALimit) {
  Expr e = q();
  for (int i = 0; i < kMaxReduceNesting; ++i) {
    Expr t = Expr::freshReduceVar();
    e = Expr::reduce(ReduceKind::Sum, 0, 2, t, Expr::make(Op::Add, {e, t}));
  }
  EXPECT_EQ(e->reduceNesting(), kMaxReduceNesting);
  Expr t = Expr::freshReduceVar();
  EXPECT_EQ(Expr::reduce(ReduceKind::Sum, 0, 2, t, e)->message(),
            "reductions are nested deeper than 16 levels");
}

TEST(Reduce, SharedBodiesAreRenamedOnce) {
  // Many reductions over one wide body: the work is that of one.
  Expr t = Expr::freshReduceVar();
  Expr body = Expr::make(Op::Add, {t, q()});
  for (int i = 0; i < 500; ++i)
    body = Expr::make(Op::Mul, {body, body});
  Expr u = Expr::freshReduceVar();
  Expr all = u;
  for (int i = 1; i < 300; ++i)
    all = Expr::make(Op::Add,
                     {all, Expr::reduce(ReduceKind::Sum, 0, i, t,
                                        Expr::make(Op::Add, {body, u}))});
  Expr e = Expr::reduce(ReduceKind::Sum, 0, 2, u, all);
  expectCanonical(e);
  std::pair<Expr, Expr> swap(q(), kv());
  expectCanonical(substitute(e, {&swap, 1}));
}

} // namespace
