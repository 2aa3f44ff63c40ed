//===- TileBoundsTest.cpp - Form, exactness and limits of the bounds ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formula.h"
#include "TileOracle.h"

#include "attnjit/Expr/Simplify.h"
#include "attnjit/Expr/Visitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

using namespace attnjit;
using namespace attnjit::test;

namespace {

const X q = Var::Q, kv = Var::Kv;
const X qLo = Var::QLo, qHi = Var::QHi, kvLo = Var::KvLo, kvHi = Var::KvHi;

size_t nodeCount(const Expr &e) { return topologicalOrder({&e, 1}).size(); }

void expectBounds(const Expr &mask, const Expr &empty, const Expr &full) {
  TileBounds bounds = computeTileBounds(mask);
  EXPECT_EQ(bounds.empty, simplify(empty));
  EXPECT_EQ(bounds.full, simplify(full));
}

//===----------------------------------------------------------------------===//
// Form
//===----------------------------------------------------------------------===//

TEST(TileBounds, OrdinaryMasksGiveTheFormulaOneWouldWrite) {
  expectBounds({}, Expr::boolean(false), Expr::boolean(true));
  expectBounds(q >= kv, qHi < kvLo, kvHi <= qLo);
  X P = Expr::param({"P", Type::I32, {}});
  expectBounds((kv < P) | (q >= kv), (P <= kvLo) & (qHi < kvLo),
               (kvHi < P) | (kvHi <= qLo));
}

TEST(TileBounds, WhatDoesNotVaryDecidesByItself) {
  X flag = Expr::param({"flag", Type::Bool, {}});
  expectBounds(flag, !flag, flag);
  X x = Expr::param({"x", Type::F32, {}});
  expectBounds(x < x * x, !(x < x * x), x < x * x);
}

TEST(TileBounds, OrdinaryMasksStaySmall) {
  X W = Expr::param({"W", Type::I32, {}});
  for (X mask : {(q >= kv) & (q - kv < W), q / 128 == kv / 128,
                 (q / 100 == kv / 100) & (q >= kv), abs(q - kv) <= W}) {
    TileBounds bounds = computeTileBounds(mask);
    EXPECT_LE(nodeCount(bounds.empty), 40u);
    EXPECT_LE(nodeCount(bounds.full), 40u);
  }
}

//===----------------------------------------------------------------------===//
// Exact hulls
//===----------------------------------------------------------------------===//

/// Over every tile of a small domain, the interval of `value` is its hull: the
/// verdicts on `value <= bound` change exactly at the least and the greatest
/// value taken.
void expectExactHull(const char *name, const X &value) {
  SCOPED_TRACE(name);
  Captures captures;
  captures.paramDecls = {{"bound", Type::I32, {}}, {"n", Type::I32, {}}};
  captures.params = {Scalar::i32(0), Scalar::i32(3)};
  X bound = Expr::param(captures.paramDecls[0]);
  auto oracle = TileOracle::create(value <= bound, captures);
  ASSERT_TRUE(oracle) << oracle.error().message();
  auto values = Interpreter::create({&value.e, 1}, captures.paramDecls, {},
                                    Interpreter::Mode::F32);
  ASSERT_TRUE(values) << values.error().message();

  for (Tile tile{-7, 0, 0, 0}; tile.qLo <= 6; ++tile.qLo)
    for (tile.qHi = tile.qLo; tile.qHi <= 6; ++tile.qHi)
      for (tile.kvLo = -3; tile.kvLo <= 5; ++tile.kvLo)
        for (tile.kvHi = tile.kvLo; tile.kvHi <= 5; ++tile.kvHi) {
          int64_t least = INT64_MAX, greatest = INT64_MIN;
          for (int64_t i = tile.qLo; i <= tile.qHi; ++i)
            for (int64_t j = tile.kvLo; j <= tile.kvHi; ++j) {
              int64_t taken = values
                                  ->evaluate(TileOracle::pointOf(
                                      {i, i, j, j}, tile, captures))[0]
                                  .i;
              least = std::min(least, taken);
              greatest = std::max(greatest, taken);
            }
          auto claimedAt = [&](int64_t limit) {
            captures.params[0] = Scalar::i32(static_cast<int32_t>(limit));
            return oracle->claimed(tile);
          };
          ASSERT_TRUE(claimedAt(least - 1).empty && !claimedAt(least).empty &&
                      claimedAt(greatest).full && !claimedAt(greatest - 1).full)
              << "q " << tile.qLo << ".." << tile.qHi << ", kv " << tile.kvLo
              << ".." << tile.kvHi << " takes " << least << ".." << greatest;
        }
}

TEST(TileBounds, HullsAreExact) {
  X n = Expr::param({"n", Type::I32, {}});
  expectExactHull("q + kv", q + kv);
  expectExactHull("q - kv", q - kv);
  expectExactHull("q * kv", q * kv);
  expectExactHull("q * 3", q * 3);
  expectExactHull("q * -3", q * -3);
  expectExactHull("q * n", q * n);
  expectExactHull("q * q", q * q);
  expectExactHull("-q", -q);
  expectExactHull("~q", ~q);
  expectExactHull("abs(q - kv)", abs(q - kv));
  expectExactHull("sign(q)", sign(q));
  expectExactHull("min", min(q, kv));
  expectExactHull("max", max(q, kv));
  expectExactHull("clamp", clamp(q - kv, -2, 3));
  expectExactHull("q // 3", q / 3);
  expectExactHull("q // -3", q / -3);
  expectExactHull("q // n", q / n);
  expectExactHull("q // positive", q / max(kv, 1));
  expectExactHull("q % 5", q % 5);
  expectExactHull("q % -5", q % -5);
  expectExactHull("q % n", q % n);
  expectExactHull("q >> 1", q >> 1);
  expectExactHull("q >> 33", q >> 33);
  expectExactHull("q << 2", q << 2);
  expectExactHull("q & 3", q & 3);
  expectExactHull("q & -4", q & -4);
  expectExactHull("q | 3", q | 3);
  expectExactHull("q ^ -1", q ^ -1);
  expectExactHull("q - q % 4", q - q % 4);
  expectExactHull("q - q // 4 * 4", q - q / 4 * 4);
  expectExactHull("i32(q < kv)", Expr::make(Op::ToI32, {(q < kv).e}));
}

//===----------------------------------------------------------------------===//
// Facts about buffers
//===----------------------------------------------------------------------===//

TEST(TileBounds, DeclaredRangesBoundWhatVaries) {
  BufferDecl bytes{"bytes", DType::U8, {Dim::of(Size::Sq)}, {}, false, false};
  Expr subscript = q;
  expectBounds(X(Expr::load(bytes, {&subscript, 1})) < 256,
               Expr::boolean(false), Expr::boolean(true));

  BufferDecl ranged{"ranged", DType::I32, {Dim::of(Size::Sq)},
                    {},       false,      false};
  ranged.range = {Scalar::i32(2), Scalar::i32(7)};
  expectBounds(X(Expr::load(ranged, {&subscript, 1})) <= 1, Expr::boolean(true),
               Expr::boolean(false));
  // A buffer without elements reads 0, whatever its declaration says.
  ranged.dims = {Dim::any()};
  Captures captures;
  captures.bufferDecls = {ranged};
  captures.buffers.emplace_back();
  captures.buffers[0].element = DType::I32;
  captures.buffers[0].rank = 1;
  captures.buffers[0].size[0] = 0;
  auto oracle =
      TileOracle::create(X(Expr::load(ranged, {&subscript, 1})) <= 1, captures);
  ASSERT_TRUE(oracle);
  EXPECT_TRUE(oracle->claimed({0, 9, 0, 9}).full);
  EXPECT_FALSE(oracle->claimed({0, 9, 0, 9}).empty);
}

// Along the last axis of a sorted buffer the ends of a box are its extremes.
TEST(TileBounds, SummariesAreForWhatIsNotSorted) {
  BufferDecl id;
  id.name = "id";
  id.element = DType::I32;
  id.dims = {Dim::any(), Dim::any()};
  auto rangesOf = [&] {
    const Expr rows = Expr::load(id, {{Expr::var(Var::B), Expr::var(Var::Q)}});
    const Expr columns =
        Expr::load(id, {{Expr::var(Var::Kv), Expr::var(Var::B)}});
    return findRangeAxes(
        computeTileBounds(Expr::make(Op::Eq, {rows, columns})));
  };
  EXPECT_THAT(rangesOf(), testing::UnorderedElementsAre(RangeAxis{"id", 0},
                                                        RangeAxis{"id", 1}));
  id.sorted = true;
  EXPECT_THAT(rangesOf(), testing::ElementsAre(RangeAxis{"id", 0}));
}

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

TEST(TileBounds, CostlyConjunctsAreLeftOut) {
  X mask = q >= kv;
  for (int i = 1; i < 300; ++i)
    mask = mask & ((q + i * 7) % (i + 9) != (kv * i) / (i + 3));
  Captures captures;
  auto oracle = TileOracle::create(mask, captures);
  ASSERT_TRUE(oracle);
  EXPECT_LE(nodeCount(oracle->bounds().empty), 420u);
  EXPECT_LE(nodeCount(oracle->bounds().full), 420u);
  EXPECT_TRUE(oracle->claimed({0, 9, 10, 19}).empty);
  EXPECT_FALSE(oracle->claimed({10, 19, 0, 0}).full);
}

TEST(TileBounds, DeepMasksHaveBounds) {
  X position = q, choice = q >= kv;
  for (int i = 0; i < kMaxDepth - 10; ++i) {
    position = i % 2 ? abs(position) : -position;
    choice = i % 2 ? choice ^ (q < 5) : !choice;
    if (choice.e->op() == Op::Invalid)
      break;
  }
  for (X mask : {position >= kv, choice}) {
    ASSERT_NE(mask.e->op(), Op::Invalid);
    TileBounds bounds = computeTileBounds(mask);
    EXPECT_EQ(bounds.empty->type(), Type::Bool);
    EXPECT_NE(bounds.empty->op(), Op::Invalid);
    EXPECT_NE(bounds.full->op(), Op::Invalid);
  }
  // Deep, and the same over the tile: too costly to stand for itself.
  X level = Var::H;
  for (int i = 0; i < kMaxDepth - 10; ++i)
    level = abs(level - (i + 1));
  TileBounds bounds = computeTileBounds(kv < level);
  EXPECT_NE(bounds.empty->op(), Op::Invalid);
}

TEST(TileBounds, NestedReductionsEndSoon) {
  // Unrolled to the end, this would have 16^8 steps.
  auto nest = [](auto &self, int depth, X sum) -> X {
    return reduce(ReduceKind::Any, 0, 16, [&](X t) {
      X next = sum + t * depth;
      return depth == 0 ? next % 7 == q % 5 : self(self, depth - 1, next);
    });
  };
  X mask = nest(nest, 7, kv);
  ASSERT_NE(mask.e->op(), Op::Invalid) << mask.e->message();
  TileBounds bounds = computeTileBounds(mask);
  EXPECT_LE(nodeCount(bounds.empty), 420u);
  EXPECT_LE(nodeCount(bounds.full), 420u);
}

} // namespace
