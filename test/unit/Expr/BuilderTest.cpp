//===- BuilderTest.cpp - Formulas in C++ ----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A formula gives the same node as the makers it stands for; formulas that the
// language does not know do not compile.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Builder.h"
#include "attnjit/Expr/Visitor.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace attnjit;
using namespace attnjit::dsl;

namespace {

Expr make(Op op, std::initializer_list<Expr> operands) {
  return Expr::make(op, operands);
}
const auto bufferX = buffer<F32>("x", {any});

//===----------------------------------------------------------------------===//
// What does not compile
//===----------------------------------------------------------------------===//

#define ATTNJIT_BINARY(Name, Operator)                                         \
  template <typename L, typename R>                                            \
  concept Name = requires(const L &l, const R &r) { l Operator r; };
ATTNJIT_BINARY(CanAdd, +)
ATTNJIT_BINARY(CanDivide, /)
ATTNJIT_BINARY(CanMod, %)
ATTNJIT_BINARY(CanShift, <<)
ATTNJIT_BINARY(CanBitAnd, &)
ATTNJIT_BINARY(CanAnd, &&)
ATTNJIT_BINARY(CanLess, <)
ATTNJIT_BINARY(CanEqual, ==)
#undef ATTNJIT_BINARY
template <typename T>
concept CanNot = requires(const T &x) { !x; };
template <typename T>
concept CanComplement = requires(const T &x) { ~x; };
template <typename T>
concept CanNegate = requires(const T &x) { -x; };
template <typename T>
concept CanExp = requires(const T &x) { exp(x); };
template <typename C, typename X, typename Y>
concept CanWhere =
    requires(const C &c, const X &x, const Y &y) { where(c, x, y); };
template <typename L, typename R>
concept CanFloorDiv = requires(const L &l, const R &r) { floordiv(l, r); };
template <typename B, typename I>
concept CanSubscript = requires(const B &b, const I &i) { b[i]; };
template <typename T>
concept CanBranch = requires(const T &x) { x ? 1 : 0; };
template <typename T, typename N>
concept CanParam = requires(N n) { param<T>("x", n); };

using Score = decltype(score);
using Q = decltype(q);
using Size_ = decltype(Hq);

static_assert(CanAdd<Score, int> && CanAdd<Q, Q> && CanAdd<Size_, double>);
static_assert(!CanAdd<Bool, int> && !CanAdd<MaskMod, Q> && !CanAdd<Q, bool>);
static_assert(CanDivide<Q, int> && !CanDivide<Bool, Q>);
static_assert(CanMod<Q, int> && CanMod<Q, Size_> && CanMod<int, Q>);
static_assert(!CanMod<Score, int> && !CanMod<Q, double> && !CanMod<Bool, Q>);
static_assert(CanFloorDiv<Q, int> && !CanFloorDiv<Score, int> &&
              !CanFloorDiv<Q, float> && !CanFloorDiv<int, int>);
static_assert(CanShift<Q, int> && !CanShift<Score, int> && !CanShift<Bool, Q>);
static_assert(CanBitAnd<Q, int> && CanBitAnd<Bool, Bool> &&
              CanBitAnd<Bool, bool>);
static_assert(!CanBitAnd<Q, bool> && !CanBitAnd<Bool, int> &&
              !CanBitAnd<Score, Q>);
static_assert(CanAnd<Bool, Bool> && CanAnd<MaskMod, bool>);
static_assert(!CanAnd<Q, Q> && !CanAnd<Bool, int> && !CanAnd<Score, Bool>);
static_assert(CanLess<Q, Score> && !CanLess<Bool, Bool> && !CanLess<Q, bool>);
static_assert(CanEqual<Bool, bool> && CanEqual<Q, double> &&
              !CanEqual<Q, bool> && !CanEqual<Bool, int>);
static_assert(CanNot<Bool> && CanNot<MaskMod> && !CanNot<Q> && !CanNot<Score>);
static_assert(CanComplement<Q> && CanComplement<Bool> && !CanComplement<Score>);
static_assert(CanNegate<Q> && CanNegate<Score> && !CanNegate<Bool>);
static_assert(CanExp<Q> && CanExp<Score> && !CanExp<Bool>);
static_assert(CanWhere<Bool, int, double> && CanWhere<Bool, bool, Bool> &&
              CanWhere<MaskMod, Score, float>);
static_assert(!CanWhere<Q, int, int> && !CanWhere<Bool, Bool, int> &&
              !CanWhere<Score, Score, Score>);
static_assert(CanSubscript<Buffer<F32>, Q> && CanSubscript<Buffer<F32>, int>);
static_assert(!CanSubscript<Buffer<F32>, Score> &&
              !CanSubscript<Buffer<F32>, Bool> &&
              !CanSubscript<Buffer<F32>, float>);
static_assert(!CanBranch<Bool> && !CanBranch<Q>);
static_assert(CanParam<I32, int> && CanParam<F32, double> &&
              CanParam<F32, int> && CanParam<Bool, bool>);
static_assert(!CanParam<I32, double> && !CanParam<Bool, int> &&
              !CanParam<F32, bool> && !CanParam<int, int>);
static_assert(std::convertible_to<Q, F32> && !std::convertible_to<Score, I32> &&
              !std::convertible_to<Bool, I32> && !std::convertible_to<Q, Bool>);
static_assert(!std::convertible_to<bool, I32> &&
              !std::convertible_to<int, Bool>);
static_assert(std::convertible_to<Bool, MaskMod> &&
              !std::convertible_to<Q, MaskMod> &&
              std::convertible_to<Q, ScoreMod>);

// Numbers alone stay C++: no operation of the language takes them over.
static_assert(std::same_as<decltype(where(q < kv, 1, 0)), I32>);
static_assert(std::same_as<decltype(where(q < kv, 1, 0.5)), F32>);
static_assert(std::same_as<decltype(q / 2), F32>);
static_assert(std::same_as<decltype(min(q, 2)), I32>);
static_assert(std::same_as<decltype(clamp(q, 0, 2.5)), F32>);

//===----------------------------------------------------------------------===//
// What it gives
//===----------------------------------------------------------------------===//

TEST(Builder, FormulasAreTheNodesTheyLookLike) {
  Expr s = Expr::var(Var::Score), eq = Expr::var(Var::Q),
       ekv = Expr::var(Var::Kv);
  EXPECT_EQ((score - 1).expr(), make(Op::Sub, {s, Expr::i32(1)}));
  EXPECT_EQ((2 * score).expr(), make(Op::Mul, {Expr::i32(2), s}));
  EXPECT_EQ((q * 0.5).expr(), make(Op::Mul, {eq, Expr::f32(0.5f)}));
  EXPECT_EQ((q / 2).expr(), make(Op::Div, {eq, Expr::i32(2)}));
  EXPECT_EQ(floordiv(q, 64).expr(), make(Op::FloorDiv, {eq, Expr::i32(64)}));
  EXPECT_EQ((q % Hq).expr(), make(Op::Mod, {eq, Expr::size(Size::Hq)}));
  EXPECT_EQ((q & 63).expr(), make(Op::And, {eq, Expr::i32(63)}));
  EXPECT_EQ((1 << q >> 2).expr(),
            make(Op::Shr, {make(Op::Shl, {Expr::i32(1), eq}), Expr::i32(2)}));
  EXPECT_EQ((q >= kv && !(q == 3)).expr(),
            make(Op::And, {make(Op::Ge, {eq, ekv}),
                           make(Op::Not, {make(Op::Eq, {eq, Expr::i32(3)})})}));
  EXPECT_EQ((-abs(q - kv)).expr(),
            make(Op::Neg, {make(Op::Abs, {make(Op::Sub, {eq, ekv})})}));
  EXPECT_EQ(clamp(score, -1, 1).expr(),
            make(Op::Min, {make(Op::Max, {s, Expr::i32(-1)}), Expr::i32(1)}));
  EXPECT_EQ(
      where(q < kv, score, -inf).expr(),
      make(Op::Where, {make(Op::Lt, {eq, ekv}), s, Expr::f32(-INFINITY)}));
  EXPECT_EQ(i32(tanh(f32(q))).expr(),
            make(Op::ToI32, {make(Op::Tanh, {Expr::toF32(eq)})}));
  EXPECT_EQ(boolean(q).expr(), make(Op::ToBool, {eq}));
  EXPECT_EQ(pow(score, 2).expr(), make(Op::Pow, {s, Expr::i32(2)}));
  EXPECT_EQ(F32(q).expr(), Expr::toF32(eq));
}

TEST(Builder, LongIntegersMustFit) {
  EXPECT_EQ((q + 2147483647L).expr()->op(), Op::Add);
  EXPECT_EQ((q + 2147483648L).expr()->op(), Op::Invalid);
  EXPECT_EQ((q + ~0ULL).expr()->op(), Op::Invalid);
}

TEST(Builder, BuffersTakeOneSubscriptPerAxis) {
  auto doc = buffer<I32>("doc", DType::I64, {B, any}).in(0, 10).sorted();
  const BufferDecl &decl = doc.declaration();
  EXPECT_EQ(decl.element, DType::I64);
  EXPECT_EQ(decl.dims, (std::vector{Dim::of(Size::B), Dim::any()}));
  EXPECT_TRUE(decl.sorted && !decl.grad);
  EXPECT_EQ(decl.range, std::pair(Scalar::i32(0), Scalar::i32(10)));

  Expr load =
      Expr::load(decl, std::vector{Expr::var(Var::B), Expr::var(Var::Kv)});
  EXPECT_EQ(doc(b, kv).expr(), load);
  EXPECT_EQ(doc[b][kv].expr(), load);
  EXPECT_EQ(doc[b].expr()->message(), "buffer `doc` takes 2 subscripts, not 1");
  EXPECT_EQ(doc.expr()->op(), Op::Invalid);
  EXPECT_EQ(buffer<F32>("scale", {}).expr()->op(), Op::Load);
  EXPECT_EQ(buffer<F32>("u", DType::U8, {any})[q].expr()->message(),
            "an element of buffer `u`, which holds u8, is i32, not f32");
  // Loads of loads, and elements as terms.
  EXPECT_EQ((doc(b, doc(b, q)) == bufferX[3]).expr()->op(), Op::Eq);
}

TEST(Builder, RangesOutOfI32AreRefused) {
  auto wide = buffer<I32>("wide", {any}).in(0, 5000000000);
  auto mod = ModBuilder().mask(wide[q] == kv).build();
  ASSERT_FALSE(mod);
  EXPECT_NE(mod.error().message().find("range of buffer `wide`"),
            std::string::npos);
}

TEST(Builder, ReductionsBindTheirVariable) {
  auto top = buffer<I32>("top", {any});
  Expr t = Expr::freshReduceVar();
  Expr body = make(
      Op::Eq, {Expr::load(top.declaration(), {&t, 1}), Expr::var(Var::Kv)});
  EXPECT_EQ(any(0, 4, [&](I32 i) { return top[i] == kv; }).expr(),
            Expr::reduce(ReduceKind::Any, 0, 4, t, body));
  EXPECT_EQ(all(0, 4, [&](I32 i) { return top[i] == kv; }).expr(),
            Expr::reduce(ReduceKind::All, 0, 4, t, body));
  EXPECT_EQ(sum(1, 3, [](I32 i) { return i; }).expr(),
            Expr::reduce(ReduceKind::Sum, 1, 3, t, t));
  EXPECT_EQ(min(1, 3, [](I32 i) { return i * 0.5; }).expr()->type(), Type::F32);
  EXPECT_EQ(max(1, 3, [](I32) { return 1.5f; }).expr()->type(), Type::F32);
  EXPECT_EQ(sum(3, 1, [](I32 i) { return i; }).expr()->op(), Op::Invalid);
}

//===----------------------------------------------------------------------===//
// Mods
//===----------------------------------------------------------------------===//

const MaskMod kCausal = q >= kv; // in static storage, before main

TEST(Builder, MaskModsCombineAndMove) {
  auto both = kCausal && kv < 10;
  static_assert(std::same_as<decltype(both), MaskMod>);
  static_assert(std::same_as<decltype(!kCausal || true), MaskMod>);
  EXPECT_EQ(both.expr(), (q >= kv && kv < 10).expr());
  EXPECT_EQ(both.at({.q = q % 64, .kv = q}).expr(),
            (q % 64 >= q && q < 10).expr());
  EXPECT_EQ(kCausal.at({}).expr(), kCausal.expr());
  EXPECT_EQ(kCausal.at({.kv = kv + 5000000000}).expr()->op(), Op::Invalid);
}

TEST(Builder, ScoreModsComposeLeftToRight) {
  ScoreMod doubled = score * 2, shifted = score + h;
  using Absent = std::optional<ScoreMod>;
  EXPECT_FALSE(compose());
  EXPECT_FALSE(compose(std::nullopt, Absent()));
  EXPECT_EQ(compose(doubled)->expr(), doubled.expr());
  EXPECT_EQ(compose(std::nullopt, doubled, Absent())->expr(), doubled.expr());
  EXPECT_EQ(compose(doubled, Absent(), shifted)->expr(),
            (score * 2 + h).expr());
  EXPECT_EQ(compose(shifted, doubled)->expr(), ((score + h) * 2).expr());
  EXPECT_EQ(shifted.at({.h = h + 1}).expr(), (score + (h + 1)).expr());
  EXPECT_EQ(shifted.apply(q).expr(), (F32(q) + h).expr());
}

TEST(Builder, BuildsMods) {
  auto slopes = buffer<F32>("slopes", {Hq});
  auto window = param<I32>("window", 1024);
  auto cap = param<F32>("cap", 50);
  auto mod = ModBuilder("example")
                 .param(cap)
                 .score(score - slopes[h] * abs(q - kv))
                 .score(cap * tanh(score / cap))
                 .score(std::optional<ScoreMod>())
                 .mask(kCausal)
                 .mask(q - kv < window)
                 .prob(prob * 2)
                 .prob(prob + 1)
                 .sink(slopes[h])
                 .build();
  ASSERT_TRUE(mod) << mod.error().message();
  EXPECT_EQ(mod->name(), "example");
  F32 biased = score - slopes[h] * abs(q - kv);
  EXPECT_EQ(mod->score(), (cap * tanh(biased / cap)).expr());
  EXPECT_EQ(mod->mask(), (q >= kv && q - kv < window).expr());
  EXPECT_EQ(mod->prob(), (prob * 2 + 1).expr());
  EXPECT_EQ(mod->paramOrdinal("cap"), 0);
  EXPECT_EQ(mod->params()[0].defaultValue, Scalar::f32(50));
  EXPECT_EQ(mod->params()[1].defaultValue, Scalar::i32(1024));

  EXPECT_EQ(*ModBuilder().build(), ModProgram::identity());
  EXPECT_EQ(ModBuilder().normalize(Normalize::None).build()->normalize(),
            Normalize::None);
}

TEST(Builder, BuildReportsWhatCompilersCannotSee) {
  auto problem = [](const ModBuilder &builder) {
    auto mod = builder.build();
    return mod ? "" : mod.error().message();
  };
  EXPECT_EQ(problem(ModBuilder().score(score + bufferX[q][kv])),
            "`score`: buffer `x` takes 1 subscripts, not 2");
  EXPECT_EQ(problem(ModBuilder().mask(q % 0 == 1).mask(q < kv)),
            "`mask`: the right side of `%` is the constant 0");
  EXPECT_EQ(problem(ModBuilder().sink(1).sink(2)),
            "`sink`: the hook is given twice");
  EXPECT_EQ(problem(ModBuilder().score(F32())),
            "`score`: an operand is absent");
  EXPECT_EQ(problem(ModBuilder().mask(Bool())), "`mask`: an operand is absent");
  EXPECT_NE(problem(ModBuilder().param(I32(3))), "");
  EXPECT_EQ(problem(ModBuilder().prob(score)), "`prob` cannot use `score`");
  EXPECT_NE(problem(ModBuilder().score(param<F32>("exp"))), "");
}

TEST(Builder, LongChainsEndAsAMessage) {
  F32 sumOfMany = score;
  for (int i = 0; i < 1000000; ++i)
    sumOfMany = sumOfMany + q;
  auto mod = ModBuilder().score(sumOfMany).build();
  ASSERT_FALSE(mod);
  EXPECT_EQ(mod.error().message(),
            "`score`: the expression is nested deeper than 1000 levels");
}

} // namespace
