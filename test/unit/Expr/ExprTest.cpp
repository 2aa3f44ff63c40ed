//===- ExprTest.cpp - Identity, limits and lifetime of nodes --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Equal contents are one node, from any thread, while someone holds it.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Expr.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Expr/Visitor.h"

#include <gtest/gtest.h>

#include <barrier>
#include <cmath>
#include <random>
#include <thread>

using namespace attnjit;

namespace {

Expr q() { return Expr::var(Var::Q); }
Expr kv() { return Expr::var(Var::Kv); }

BufferDecl table() {
  return {"table", DType::F32, {Dim::of(Size::Hq), Dim::any()}, {}, {}, {}};
}

TEST(Expr, EqualContentsAreOneNode) {
  EXPECT_EQ(Expr::make(Op::Ge, {q(), kv()}), Expr::make(Op::Ge, {q(), kv()}));
  EXPECT_NE(Expr::make(Op::Ge, {q(), kv()}), Expr::make(Op::Ge, {kv(), q()}));
  EXPECT_NE(Expr::make(Op::Ge, {q(), kv()}), Expr::make(Op::Gt, {q(), kv()}));
  EXPECT_EQ(Expr::f32(NAN), Expr::f32(NAN));
  EXPECT_NE(Expr::f32(0.0f), Expr::f32(-0.0f));
  EXPECT_NE(Expr::i32(1), Expr::boolean(true));
  EXPECT_NE(Expr::size(Size::B), Expr::var(Var::B));
  EXPECT_EQ(Expr::invalid("a"), Expr::invalid("a"));
}

TEST(Expr, DeclarationsCountByContent) {
  ParamDecl window{"window", Type::I32, Scalar::i32(4)};
  ParamDecl same = window, other = window;
  other.defaultValue.reset();
  EXPECT_EQ(Expr::param(window), Expr::param(same));
  EXPECT_NE(Expr::param(window), Expr::param(other));

  std::vector<Expr> at = {q(), kv()};
  EXPECT_EQ(Expr::load(table(), at), Expr::load(table(), at));
  for (auto change : std::vector<std::function<void(BufferDecl &)>>{
           [](BufferDecl &d) { d.name = "other"; },
           [](BufferDecl &d) { d.element = DType::F16; },
           [](BufferDecl &d) { d.dims[0] = Dim::of(Size::Hkv); },
           [](BufferDecl &d) { d.range = {Scalar::f32(0), Scalar::f32(1)}; },
           [](BufferDecl &d) { d.sorted = true; },
           [](BufferDecl &d) { d.grad = true; }}) {
    BufferDecl changed = table();
    change(changed);
    EXPECT_NE(Expr::load(table(), at), Expr::load(changed, at));
  }
}

TEST(Expr, HashesAreTheSameInEveryProcess) {
  // Another value means that hashes depend on the process, or that whatever
  // is ordered by them changes its order.
  EXPECT_EQ(Expr::i32(1)->hash(), 3171160244259301131u);
}

TEST(Expr, KnowsItsVariables) {
  Expr e = Expr::make(Op::Add, {Expr::var(Var::Score), q()});
  EXPECT_TRUE(e->dependsOn(Var::Score));
  EXPECT_TRUE(e->dependsOn(Var::Q));
  EXPECT_FALSE(e->dependsOn(Var::Prob));
  EXPECT_FALSE(e->dependsOn(Var::Kv));
  EXPECT_EQ(e->type(), Type::F32);
  EXPECT_EQ(e->depth(), 3); // the conversion of q is a level
}

TEST(Expr, LoadsAreChecked) {
  std::vector<Expr> one = {q()}, two = {q(), kv()}, wrong = {q(), Expr::f32(1)};
  EXPECT_EQ(Expr::load(table(), two)->op(), Op::Load);
  EXPECT_EQ(Expr::load(table(), one)->message(),
            "buffer `table` takes 2 subscripts, not 1");
  EXPECT_EQ(Expr::load(table(), wrong)->message(),
            "a subscript of buffer `table` is i32, not f32");
  BufferDecl deep = table();
  deep.dims.assign(5, Dim::any());
  EXPECT_EQ(Expr::load(deep, std::vector<Expr>(5, q()))->op(), Op::Invalid);
  BufferDecl scalar{"s", DType::BF16, {}, {}, {}, {}};
  EXPECT_EQ(Expr::load(scalar, {})->type(), Type::F32);
}

TEST(Expr, ExtremesOfBoxesAreChecked) {
  BufferDecl ids{"ids", DType::I32, {Dim::any()}, {}, {}, {}};
  std::vector<Expr> box = {q(), kv()}, point = {q(), q()}, one = {q()};
  Expr least = Expr::loadExtreme(Op::LoadMin, ids, box);
  EXPECT_EQ(least->op(), Op::LoadMin);
  EXPECT_EQ(least->type(), Type::I32);
  EXPECT_NE(least, Expr::loadExtreme(Op::LoadMax, ids, box));
  EXPECT_EQ(least, rebuild(least, box));
  // A box of one element is that element.
  EXPECT_EQ(Expr::loadExtreme(Op::LoadMax, ids, point), Expr::load(ids, one));
  EXPECT_EQ(Expr::loadExtreme(Op::LoadMin, ids, one)->message(),
            "buffer `ids` takes 2 subscripts, not 1");
  EXPECT_EQ(Expr::loadExtreme(Op::Load, ids, box)->message(),
            "`load` reads no box of a buffer");
  BufferDecl floats{"floats", DType::F16, {Dim::any()}, {}, {}, {}};
  EXPECT_EQ(Expr::loadExtreme(Op::LoadMin, floats, box)->message(),
            "buffer `floats` holds f16; only integers and bools are ordered");
  // They are no part of the language.
  ModParts parts;
  parts.mask = Expr::make(Op::Lt, {least, q()});
  auto mod = ModProgram::create(parts);
  ASSERT_FALSE(mod);
  EXPECT_EQ(mod.error().message(),
            "the least of a box of buffer `ids` is for analyses; a mod reads "
            "single elements");
}

TEST(Expr, DepthHasALimit) {
  Expr e = q();
  for (int depth = 2; depth <= kMaxDepth; ++depth)
    e = Expr::make(Op::Add, {e, kv()});
  EXPECT_EQ(e->depth(), kMaxDepth);
  EXPECT_EQ(Expr::make(Op::Neg, {e})->op(), Op::Invalid);
  EXPECT_EQ(Expr::toF32(e)->op(), Op::Invalid);
  EXPECT_EQ(Expr::make(Op::Add, {e, Expr::f32(1)})->op(), Op::Invalid);
  // A long chain ends as one message, and dies without deep recursion.
  for (int i = 0; i < 1000000; ++i)
    e = Expr::make(Op::Add, {e, kv()});
  EXPECT_EQ(e->message(), "the expression is nested deeper than 1000 levels");
}

TEST(Expr, WideGraphsAreWalkedOnce) {
  Expr e = q();
  for (int i = 0; i < 100; ++i)
    e = Expr::make(Op::Mul, {e, e}); // a tree of 2^100 nodes
  EXPECT_EQ(topologicalOrder({&e, 1}).size(), 101u);
  std::pair<Expr, Expr> swap(q(), kv());
  Expr other = substitute(e, {&swap, 1});
  EXPECT_FALSE(other->dependsOn(Var::Q));
  EXPECT_EQ(other->depth(), 101);
}

TEST(Expr, DeadNodesLeaveTheTable) {
  // Nodes made again after their death are whole, whatever memory they got.
  for (int round = 0; round < 1000; ++round) {
    Expr e = Expr::make(Op::Add, {Expr::i32(round % 7), q()});
    ASSERT_EQ(e->operand(0)->constant().asI32(), round % 7);
    ASSERT_EQ(e->operand(1), q());
  }
}

/// One of few expressions, so that threads meet in the same nodes.
Expr randomExpr(std::mt19937 &random, int depth) {
  if (depth == 0)
    return random() % 2 ? Expr::i32(static_cast<int>(random() % 3)) : q();
  static constexpr Op kOps[] = {Op::Add, Op::Sub, Op::Min};
  Op op = kOps[random() % 3];
  Expr left = randomExpr(random, depth - 1);
  return Expr::make(op, {left, randomExpr(random, depth - 1)});
}

TEST(Expr, ThreadsShareNodesThatComeAndGo) {
  constexpr int kThreads = 4, kRounds = 300;
  std::vector<Expr> made(kThreads);
  std::barrier sync(kThreads);
  std::vector<std::thread> threads;
  std::atomic<int> differences = 0;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      std::mt19937 own(static_cast<unsigned>(thread));
      for (int round = 0; round < kRounds; ++round) {
        std::mt19937 common(static_cast<unsigned>(round));
        made[thread] = randomExpr(common, 4);
        sync.arrive_and_wait();
        differences += made[thread] != made[(thread + 1) % kThreads];
        sync.arrive_and_wait();
        made[thread] = Expr();
        for (int i = 0; i < 5; ++i)
          randomExpr(own, 3);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(differences, 0);
}

} // namespace
