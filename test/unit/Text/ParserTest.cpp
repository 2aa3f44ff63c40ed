//===- ParserTest.cpp - Tests of the meaning of .mod text -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What text means is compared with trees that are built by hand.
//
//===----------------------------------------------------------------------===//

#include "TextTesting.h"

#include "attnjit/Expr/Visitor.h"

#include <gmock/gmock.h>

#include <cmath>

using namespace attnjit;
using namespace attnjit::test;
using testing::ElementsAre;

static Expr score() { return Expr::var(Var::Score); }
static Expr q() { return Expr::var(Var::Q); }
static Expr kv() { return Expr::var(Var::Kv); }
static Expr h() { return Expr::var(Var::H); }
static Expr make(Op op, std::initializer_list<Expr> operands) {
  return Expr::make(op, operands);
}

static BufferDecl buffer(std::string name, DType element,
                         std::vector<Dim> dims) {
  BufferDecl decl;
  decl.name = std::move(name);
  decl.element = element;
  decl.dims = std::move(dims);
  return decl;
}

/// The i32 or f32 expression `text`, as the mask `0 <= TEXT`.
static Expr valueOf(const std::string &text) {
  Expr mask = maskOf("mask = 0 <= (" + text + ")");
  return mask && mask->op() == Op::Le ? mask->operand(1) : Expr();
}

TEST(Parser, EmptyTextIsTheIdentity) {
  for (std::string_view text : {"", "\n\n", "# nothing", "\xEF\xBB\xBF\r\n"})
    EXPECT_EQ(parse(text), ModProgram::identity()) << text;
}

TEST(Parser, ReadsTheDeclarations) {
  ModProgram mod = parse("mod everything\n"
                         "param a : i32 = -3\n"
                         "param c : f32\n"
                         "param e : bool = true\n"
                         "param f : f32 = 2\n"
                         "buffer x : bf16[B, Hq, 2 * 3, ?] in [-1, 1.5] grad\n"
                         "buffer y : i64[Sq, Skv] in [0, 7] sorted\n"
                         "buffer z : u8[]\n");
  EXPECT_EQ(mod.name(), "everything");
  EXPECT_THAT(mod.params(),
              ElementsAre(ParamDecl{"a", Type::I32, Scalar::i32(-3)},
                          ParamDecl{"c", Type::F32, std::nullopt},
                          ParamDecl{"e", Type::Bool, Scalar::boolean(true)},
                          ParamDecl{"f", Type::F32, Scalar::f32(2)}));
  BufferDecl x =
      buffer("x", DType::BF16,
             {Dim::of(Size::B), Dim::of(Size::Hq), Dim::fixed(6), Dim::any()});
  x.range.emplace(Scalar::f32(-1), Scalar::f32(1.5));
  x.grad = true;
  BufferDecl y =
      buffer("y", DType::I64, {Dim::of(Size::Sq), Dim::of(Size::Skv)});
  y.range.emplace(Scalar::i32(0), Scalar::i32(7));
  y.sorted = true;
  EXPECT_THAT(mod.buffers(), ElementsAre(x, y, buffer("z", DType::U8, {})));
}

TEST(Parser, BindsOperatorsAsTheGrammarSays) {
  auto same = [](const char *loose, const char *bracketed) {
    EXPECT_EQ(maskOf(std::string("mask = ") + loose),
              maskOf(std::string("mask = ") + bracketed))
        << loose;
  };
  same("q > 1 or q > 2 and q > 3", "(q > 1) or ((q > 2) and (q > 3))");
  same("not q > 1 and q > 2", "(not (q > 1)) and (q > 2)");
  same("not not q > 1", "not (not (q > 1))");
  same("q | kv ^ h & 3 << 1 + 2 * q == 0",
       "(q | (kv ^ (h & (3 << (1 + (2 * q)))))) == 0");
  same("q - kv - h > 0", "((q - kv) - h) > 0");
  same("q // kv % h * 2 > 0", "(((q // kv) % h) * 2) > 0");
  same("-q * ~kv > 0", "((-q) * (~kv)) > 0");
  same("- - q > 0", "(-(-q)) > 0");
  same("q << 1 >> 2 > 0", "((q << 1) >> 2) > 0");
  same("q > 1 if kv > 1 else q > 2 if kv > 2 else q > 3",
       "(q > 1) if (kv > 1) else ((q > 2) if (kv > 2) else (q > 3))");
  same("q > 1 or q > 2 if kv > 3 or kv > 4 else q > 5",
       "((q > 1) or (q > 2)) if ((kv > 3) or (kv > 4)) else (q > 5)");
  same("q_idx > kv_idx or b_idx > h_idx", "q > kv or b > h");
}

TEST(Parser, MakesTheNodesOfOperators) {
  EXPECT_EQ(valueOf("q - kv"), make(Op::Sub, {q(), kv()}));
  EXPECT_EQ(valueOf("~q"), make(Op::Not, {q()}));
  EXPECT_EQ(valueOf("+q"), q());
  EXPECT_EQ(valueOf("clamp(q, 1, kv)"),
            make(Op::Min, {make(Op::Max, {q(), Expr::i32(1)}), kv()}));
  EXPECT_EQ(valueOf("q if q > kv else kv"),
            make(Op::Where, {make(Op::Gt, {q(), kv()}), q(), kv()}));
  EXPECT_EQ(valueOf("where(q > kv, q, kv)"), valueOf("q if q > kv else kv"));
  EXPECT_EQ(valueOf("i32(1.5 * q)"),
            make(Op::ToI32, {make(Op::Mul, {Expr::f32(1.5f), q()})}));
  EXPECT_THAT(kindsOf("mask = q > 1 & q > 2"), ElementsAre("ChainedComparison"))
      << "`&` binds tighter than comparisons";
}

TEST(Parser, ConvertsI32WhereF32IsRequired) {
  EXPECT_EQ(scoreOf("score = q"), Expr::toF32(q()));
  EXPECT_EQ(scoreOf("score = score + q"), make(Op::Add, {score(), q()}));
  EXPECT_EQ(scoreOf("score = exp(q)"), make(Op::Exp, {Expr::toF32(q())}));
  EXPECT_EQ(scoreOf("def f(x : f32) = x * x\nscore = f(q)"),
            make(Op::Mul, {Expr::toF32(q()), Expr::toF32(q())}));
  EXPECT_EQ(parse("sink = h").sink(), Expr::toF32(h()));
}

TEST(Parser, ReadsLiterals) {
  auto constant = [](const char *text) { return valueOf(text)->constant(); };
  EXPECT_EQ(constant("2147483647"), Scalar::i32(INT32_MAX));
  EXPECT_EQ(constant("-2147483648"), Scalar::i32(INT32_MIN));
  EXPECT_EQ(constant("0xFFFFFFFF"), Scalar::i32(-1));
  EXPECT_EQ(constant("0x80000000"), Scalar::i32(INT32_MIN));
  EXPECT_EQ(constant("-0x1"), Scalar::i32(-1));
  EXPECT_EQ(constant("007"), Scalar::i32(7));
  EXPECT_EQ(constant("1.5"), Scalar::f32(1.5f));
  EXPECT_EQ(constant("1e3"), Scalar::f32(1000.0f));
  EXPECT_EQ(constant("2.5E-1"), Scalar::f32(0.25f));
  EXPECT_EQ(constant("-0.0"), Scalar::f32(-0.0f));
  EXPECT_EQ(constant("inf"), Scalar::f32(INFINITY));
  EXPECT_EQ(constant("-inf"), Scalar::f32(-INFINITY));
  EXPECT_EQ(constant("1e-45"), Scalar::f32(0x1p-149f));
  EXPECT_EQ(constant("3.4028235e38"), Scalar::f32(0x1.fffffep127f));
  // Halfway between two f32 but for the last digit: rounded once, upwards.
  EXPECT_EQ(constant("1.00000005960464477539062500001"),
            Scalar::f32(std::nextafter(1.0f, 2.0f)));
  EXPECT_EQ(valueOf("-(5)"), make(Op::Neg, {Expr::i32(5)}));
  EXPECT_EQ(valueOf("q - 5"), make(Op::Sub, {q(), Expr::i32(5)}));
  EXPECT_EQ(valueOf("q -5"), make(Op::Sub, {q(), Expr::i32(5)}));
}

TEST(Parser, ScoreIsWhatTheLinesAboveMadeOfIt) {
  EXPECT_EQ(scoreOf("let before = score\n"
                    "score = score * 2\n"
                    "let after = score\n"
                    "score = before - after"),
            make(Op::Sub, {score(), make(Op::Mul, {score(), Expr::i32(2)})}));
}

TEST(Parser, MasksAreJoinedByAnd) {
  EXPECT_EQ(maskOf("mask = q > 1\nmask = kv > 1\nmask = h > 1"),
            maskOf("mask = q > 1 and kv > 1 and h > 1"));
}

TEST(Parser, ProbComposesAndNormalizeIsKept) {
  ModProgram mod = parse("prob = prob * 2\nprob = prob + 1\nnormalize = none");
  Expr prob = Expr::var(Var::Prob);
  EXPECT_EQ(mod.prob(),
            make(Op::Add, {make(Op::Mul, {prob, Expr::i32(2)}), Expr::i32(1)}));
  EXPECT_EQ(mod.normalize(), Normalize::None);
}

TEST(Parser, ConstantsAreLiterals) {
  std::string text = "const n : i32 = 4 * 8\n"
                     "const m : f32 = n\n"
                     "const r : i32 = sum(i in 0..5: i * i)\n"
                     "mask = q // n > r\nscore = score * m";
  ParseResult result = parseMod(text);
  ASSERT_TRUE(result.program);
  ASSERT_EQ(result.constants.size(), 3u);
  EXPECT_EQ(result.constants[1].name, "m");
  EXPECT_EQ(result.constants[1].value, Scalar::f32(32));
  EXPECT_EQ(result.constants[2].value, Scalar::i32(30));
  EXPECT_EQ(*result.program, parse("mask = q // 32 > 30\n"
                                   "score = score * 32.0"));
}

TEST(Parser, OptionsReplaceConstants) {
  std::string text = "const n : i32 = 4\nconst m : f32 = n\nmask = q > n\n"
                     "score = m";
  ParseOptions options;
  options.constants = {{"n", Scalar::i32(6)}};
  EXPECT_EQ(parse(text, options), parse("mask = q > 6\nscore = 6.0"));
  options.constants = {{"m", Scalar::i32(9)}};
  EXPECT_EQ(parse(text, options), parse("mask = q > 4\nscore = 9.0"));
  options.constants = {{"x", Scalar::i32(6)}};
  EXPECT_THAT(kindsOf(text, options), ElementsAre("UnknownConstant"));
  options.constants = {{"n", Scalar::f32(6)}};
  EXPECT_THAT(kindsOf(text, options), ElementsAre("TypeMismatch"));
}

TEST(Parser, ReductionsBindTheirVariable) {
  Expr i = Expr::freshReduceVar();
  Expr body = make(Op::Gt, {make(Op::Add, {i, kv()}), q()});
  EXPECT_EQ(maskOf("mask = any(i in -1..3: i + kv > q)"),
            Expr::reduce(ReduceKind::Any, -1, 3, i, body));
  EXPECT_EQ(maskOf("let i = h\nmask = any(i in 0..2: i > q) or i > 0"),
            maskOf("mask = any(n in 0..2: n > q) or h > 0"))
      << "a reduction's own variable hides another one";
  EXPECT_EQ(maskOf("mask = any(i in 0..2: any(i in 0..3: i > q))"),
            maskOf("mask = any(i in 0..2: any(n in 0..3: n > q))"));
  EXPECT_EQ(valueOf("max(i in 0..4: i * q)")->op(), Op::Reduce);
  EXPECT_EQ(valueOf("max(q, kv)"), make(Op::Max, {q(), kv()}));
}

TEST(Parser, DefsAreSubstituted) {
  EXPECT_EQ(maskOf("def f(x : i32, y : i32) = x - y > 0\nmask = f(kv, q)"),
            maskOf("mask = kv - q > 0"));
  EXPECT_EQ(maskOf("def f(x : i32, y : i32) = x - y\n"
                   "def g(y : i32, x : i32) = f(y, x) * f(x, y)\n"
                   "mask = g(q, kv) > 0"),
            maskOf("mask = (q - kv) * (kv - q) > 0"))
      << "arguments are substituted at once";
  EXPECT_EQ(maskOf("def f(x : i32) = any(i in 0..4: i > x)\n"
                   "mask = any(i in 0..2: f(i))"),
            maskOf("mask = any(m in 0..2: any(n in 0..4: n > m))"))
      << "an argument is not captured by a reduction";
  EXPECT_EQ(maskOf("def always() = true\nmask = always()"),
            Expr::boolean(true));
}

TEST(Parser, BuffersAreRead) {
  BufferDecl doc = buffer("doc", DType::I32, {Dim::any()});
  Expr inner = Expr::load(doc, std::array{q()});
  EXPECT_EQ(maskOf("buffer doc : i32[?]\nmask = doc[doc[q]] > 0"),
            make(Op::Gt, {Expr::load(doc, std::array{inner}), Expr::i32(0)}));
  EXPECT_EQ(maskOf("buffer on : bool[]\nmask = on"),
            Expr::load(buffer("on", DType::Bool, {}), {}));
}

TEST(Parser, StatementsGoOnInsideBrackets) {
  EXPECT_EQ(maskOf("mask = (q > 1 # first\r\n\r\n  and # second\n q > 2)\r\n"),
            maskOf("mask = q > 1 and q > 2"));
}

TEST(Parser, NamesMayBeWhatTheLanguageHasNotTaken) {
  for (const char *name :
       {"v", "k", "l", "m", "n", "t", "P", "T", "i", "j", "_", "x1", "scores"})
    parse(std::string("param ") + name + " : i32\nmask = q > " + name);
}

TEST(Parser, OneRunReportsAllErrorsAndNoEcho) {
  EXPECT_THAT(kindsOf("let x = unknown + 1\n"
                      "let y = x * 2\n"
                      "score = score + y\n"
                      "score = score * q > 1\n"
                      "buffer w : f99[Hq]\n"
                      "score = score + w[h]\n"
                      "def f(x : i32) = nothing\n"
                      "mask = f(q) > f(kv)\n"
                      "param p : i32 = )\n"
                      "mask = p > 2\n"),
              ElementsAre("UnknownName", "UnknownType", "DuplicateName",
                          "UnknownName", "ExpectedExpression"));
}
