//===- PrinterTest.cpp - What is printed reads back as it was -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextTesting.h"

#include "RandomExpr.h"
#include "attnjit/Expr/Visitor.h"
#include "attnjit/Text/Formatter.h"
#include "attnjit/Text/Printer.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>

using namespace attnjit;
using namespace attnjit::test;
using testing::HasSubstr;
using testing::Not;

static ModProgram create(ModParts parts) {
  Expected<ModProgram> mod = ModProgram::create(std::move(parts));
  EXPECT_TRUE(mod.has_value()) << mod.error().message();
  return mod ? *mod : ModProgram::identity();
}

/// Prints, parses, compares; the text must be in canonical form as well.
static std::string roundTrip(const ModProgram &mod) {
  std::string text = print(mod);
  ParseResult result = parseMod(text);
  EXPECT_EQ(render(result.diagnostics, "printed.mod", text), "");
  EXPECT_TRUE(result.program && *result.program == mod) << text;
  EXPECT_EQ(formatMod(text).text, text);
  return text;
}

static ModProgram scoreMod(Expr score) {
  ModParts parts;
  parts.score = std::move(score);
  return create(std::move(parts));
}

static Expr score() { return Expr::var(Var::Score); }
static Expr q() { return Expr::var(Var::Q); }

TEST(Printer, RandomModsReadBackEqual) {
  RandomExprOptions options = RandomExprOptions::everything();
  // `score` and `prob` are no part of masks, and i64 no part of mods.
  auto position = [](Var var) { return var != Var::Score && var != Var::Prob; };
  std::vector<Var> positions;
  std::ranges::copy_if(options.vars, std::back_inserter(positions), position);
  options.i64 = false;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    auto stream = [&](Var own, uint64_t salt) {
      RandomExprOptions mine = options;
      mine.vars = positions;
      if (own != Var::Q)
        mine.vars.push_back(own);
      mine.maxDepth = 2 + static_cast<int>(seed % 9);
      return RandomExpr(seed * 4 + salt, mine);
    };
    ModParts parts;
    parts.name = "random";
    parts.params = options.params;
    parts.buffers = options.buffers;
    parts.score = stream(Var::Score, 0).make(Type::F32);
    parts.mask = stream(Var::Q, 1).make(Type::Bool);
    if (seed % 2 == 0)
      parts.prob = stream(Var::Prob, 2).make(Type::F32);
    if (seed % 3 == 0)
      parts.normalize = Normalize::None;
    roundTrip(create(std::move(parts)));
  }
}

TEST(Printer, FloatsKeepTheirBits) {
  Random random(20240229);
  std::vector<float> values = {0.0f,      -0.0f,           INFINITY,
                               -INFINITY, 1e10f,           1e-10f,
                               0x1p-149f, 0x1.fffffep127f, 123456789.0f};
  for (int i = 0; i < 3000; ++i)
    if (float f = std::bit_cast<float>(static_cast<uint32_t>(random()));
        !std::isnan(f))
      values.push_back(f);
  for (float value : values)
    roundTrip(scoreMod(Expr::make(Op::Add, {score(), Expr::f32(value)})));
}

TEST(Printer, NaNIsAConst) {
  ModParts parts;
  parts.params = {{"nan", Type::F32, Scalar::f32(NAN)}};
  parts.score = Expr::make(Op::Max, {score(), Expr::f32(NAN)});
  EXPECT_THAT(roundTrip(create(parts)),
              HasSubstr("const nan_ : f32 = inf - inf\n"
                        "param nan : f32 = nan_\n"));
}

TEST(Printer, NegationOfALiteralIsNotANegativeLiteral) {
  Expr five = Expr::i32(5), minusFive = Expr::i32(-5);
  for (const Expr &e :
       {Expr::make(Op::Neg, {five}), Expr::make(Op::Neg, {minusFive}),
        minusFive, Expr::make(Op::Sub, {q(), minusFive}),
        Expr::make(Op::Neg, {Expr::make(Op::Neg, {q()})}),
        Expr::make(Op::Not, {minusFive})})
    roundTrip(scoreMod(Expr::make(Op::Add, {score(), e})));
}

TEST(Printer, ConversionsAreLeftOutWhereTheyFollow) {
  Expr h = Expr::var(Var::H);
  EXPECT_EQ(roundTrip(scoreMod(Expr::make(Op::Mul, {score(), h}))),
            "score = score * h\n");
  EXPECT_EQ(roundTrip(scoreMod(
                Expr::make(Op::Add, {Expr::toF32(q()), Expr::toF32(h)}))),
            "score = q + f32(h)\n");
  EXPECT_EQ(roundTrip(scoreMod(Expr::make(Op::Div, {q(), h}))),
            "score = q / h\n");
}

/// Twice the one before, 900 times over: a text that repeats what is shared
/// would not end.
static Expr doubled(Expr e) {
  for (int i = 0; i < 900; ++i)
    e = Expr::make(i % 2 ? Op::Add : Op::Mul, {e, e});
  return e;
}

TEST(Printer, SharedPartsArePrintedOnce) {
  EXPECT_LT(roundTrip(scoreMod(doubled(score()))).size(), 40000u);
}

TEST(Printer, SharedPartsOfReductionsArePrintedOnce) {
  Expr i = Expr::freshReduceVar(), j = Expr::freshReduceVar();
  Expr inner = Expr::reduce(ReduceKind::Sum, 0, 3, j,
                            doubled(Expr::make(Op::Add, {i, j})));
  Expr body = Expr::make(Op::Add, {inner, Expr::make(Op::Mul, {inner, i})});
  std::string text =
      roundTrip(scoreMod(Expr::reduce(ReduceKind::Max, 0, 2, i, body)));
  EXPECT_THAT(text, HasSubstr("def t0(r0 : i32, r1 : i32) = "));
  EXPECT_LT(text.size(), 80000u);
}

TEST(Printer, TreesAsDeepAsAllowedReadBack) {
  std::vector<Expr> chains(6, score());
  auto deepest = [&] { return chains[0]->depth(); };
  while (deepest() + 2 < kMaxDepth) {
    Expr one = Expr::f32(1);
    chains = {Expr::make(Op::Sub, {chains[0], one}),
              Expr::make(Op::Sub, {one, chains[1]}),
              Expr::make(Op::Neg, {chains[2]}),
              Expr::make(Op::Exp, {chains[3]}),
              Expr::make(Op::Where, {Expr::make(Op::Lt, {q(), Expr::i32(3)}),
                                     one, chains[4]}),
              Expr::make(Op::Pow, {Expr::f32(2), chains[5]})};
  }
  for (const Expr &e : chains)
    roundTrip(scoreMod(Expr::make(Op::Mul, {e, Expr::f32(2)})));
  // Bottom: the two levels of `-(5)`.
  Expr e = Expr::make(Op::Neg, {Expr::f32(5)});
  while (e->depth() < kMaxDepth)
    e = Expr::make(Op::Sub, {Expr::f32(1), e});
  roundTrip(scoreMod(e));
}

TEST(Printer, InventedNamesKeepClearOfCaptures) {
  ModParts parts;
  parts.params = {{"t0", Type::I32, {}}, {"r12", Type::I32, {}}};
  Expr shared = Expr::make(Op::Mul, {score(), Expr::param(parts.params[0])});
  parts.score = Expr::make(Op::Add, {shared, Expr::make(Op::Exp, {shared})});
  Expr i = Expr::freshReduceVar();
  Expr body = Expr::make(Op::Gt, {i, Expr::param(parts.params[1])});
  parts.mask = Expr::reduce(ReduceKind::Any, 0, 4, i, body);
  std::string text = roundTrip(create(parts));
  EXPECT_THAT(text, HasSubstr("let t_0 = "));
  EXPECT_THAT(text, HasSubstr("any(r_0 in "));
}

TEST(PrintExpr, IsOneLineOfBoundedLength) {
  EXPECT_EQ(printExpr(Expr::make(Op::Sub, {q(), Expr::i32(1)})), "q - 1");
  std::string cut = printExpr(doubled(score()), 50);
  EXPECT_EQ(cut.size(), 50u);
  EXPECT_TRUE(cut.ends_with("..."));
  EXPECT_EQ(printExpr(Expr::f32(NAN)), "nan");
  EXPECT_EQ(printExpr(Expr()), "");
}
