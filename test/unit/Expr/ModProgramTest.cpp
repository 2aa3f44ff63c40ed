//===- ModProgramTest.cpp - The rules of a whole mod ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each rule has a mod that breaks it and the message that says so.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Expr/Names.h"

#include <gtest/gtest.h>

using namespace attnjit;

namespace {

Expr var(Var v) { return Expr::var(v); }

/// The message of the Error that the parts give; empty where they are lawful.
std::string problem(const ModParts &parts) {
  auto mod = ModProgram::create(parts);
  if (mod)
    return "";
  EXPECT_EQ(mod.error().kind(), ErrorKind::InvalidMod);
  return mod.error().message();
}

ModParts hook(Expr ModParts::*member, const Expr &e) {
  ModParts parts;
  parts.*member = e;
  return parts;
}

Expr param(std::string name, Type type = Type::F32) {
  return Expr::param({std::move(name), type, std::nullopt});
}

Expr loadAtH(const BufferDecl &decl) {
  return Expr::load(decl, std::vector{var(Var::H)});
}

BufferDecl slopes() {
  return {"slopes", DType::F32, {Dim::of(Size::Hq)}, {}, {}, {}};
}

TEST(ModProgram, HooksHaveTheirTypes) {
  Expr isCausal = Expr::make(Op::Ge, {var(Var::Q), var(Var::Kv)});
  EXPECT_EQ(problem(hook(&ModParts::mask, isCausal)), "");
  EXPECT_EQ(problem(hook(&ModParts::mask, var(Var::Q))),
            "`mask` is bool, not i32");
  EXPECT_EQ(problem(hook(&ModParts::score, isCausal)),
            "`score` is f32, not bool");
  EXPECT_EQ(problem(hook(&ModParts::score, Expr::i64(1))),
            "`score` is f32, not i64");
  for (auto member : {&ModParts::score, &ModParts::prob, &ModParts::sink}) {
    auto mod = ModProgram::create(hook(member, var(Var::Q)));
    ASSERT_TRUE(mod);
    const Expr &e = member == &ModParts::score  ? mod->score()
                    : member == &ModParts::prob ? mod->prob()
                                                : mod->sink();
    EXPECT_EQ(e, Expr::toF32(var(Var::Q)));
  }
}

TEST(ModProgram, HooksUseOnlyWhatTheyMay) {
  struct Rule {
    Expr ModParts::*member;
    std::string allowed; // a letter for each variable in order of Var
  };
  const Rule rules[] = {{&ModParts::score, "s.bhqkQKg...."},
                        {&ModParts::mask, "..bhqkQKg...."},
                        {&ModParts::prob, ".pbhqkQKg...."},
                        {&ModParts::sink, "..bhq.Q......"}};
  for (const Rule &rule : rules)
    for (size_t i = 0; i < rule.allowed.size(); ++i) {
      Var v = static_cast<Var>(i);
      Expr e = Expr::make(Op::Add, {var(v), Expr::i32(1)});
      if (rule.member == &ModParts::mask)
        e = Expr::make(Op::Gt, {e, Expr::i32(0)});
      std::string message = problem(hook(rule.member, e));
      if (rule.allowed[i] != '.')
        EXPECT_EQ(message, "") << name(v);
      else
        EXPECT_NE(message.find("cannot use `" + std::string(name(v)) + "`"),
                  std::string::npos)
            << name(v) << ": " << message;
    }
}

TEST(ModProgram, InvalidHooksSayWhy) {
  EXPECT_EQ(problem(hook(&ModParts::prob, Expr::invalid("the reason"))),
            "`prob`: the reason");
  EXPECT_EQ(problem(hook(&ModParts::score, Expr::freshReduceVar())),
            "`score` uses the variable of a reduction outside of it");
}

TEST(ModProgram, SinkNeedsSoftmax) {
  ModParts parts = hook(&ModParts::sink, Expr::f32(0));
  EXPECT_EQ(problem(parts), "");
  parts.normalize = Normalize::None;
  EXPECT_NE(problem(parts).find("`normalize = none`"), std::string::npos);
}

TEST(ModProgram, CapturesAreAppendedInOrderOfUse) {
  ModParts parts;
  parts.params = {{"unused", Type::Bool, {}}};
  parts.score = Expr::make(Op::Mul, {param("second"), param("third")});
  parts.mask = Expr::make(Op::Lt, {var(Var::Q), param("fourth", Type::I32)});
  parts.sink = loadAtH(slopes());
  auto mod = ModProgram::create(parts);
  ASSERT_TRUE(mod) << mod.error().message();
  ASSERT_EQ(mod->params().size(), 4u);
  EXPECT_EQ(mod->paramOrdinal("unused"), 0);
  EXPECT_EQ(mod->paramOrdinal("second"), 1);
  EXPECT_EQ(mod->paramOrdinal("third"), 2);
  EXPECT_EQ(mod->paramOrdinal("fourth"), 3);
  EXPECT_EQ(mod->bufferOrdinal("slopes"), 0);
  EXPECT_EQ(mod->paramOrdinal("slopes"), -1);
  EXPECT_EQ(mod->bufferOrdinal("none"), -1);
}

TEST(ModProgram, NamesMeanOneThing) {
  ModParts twice;
  twice.params = {{"x", Type::F32, {}}, {"x", Type::F32, {}}};
  EXPECT_EQ(problem(twice), "`x` is declared twice");

  ModParts kinds = hook(&ModParts::score, param("slopes"));
  kinds.sink = loadAtH(slopes());
  EXPECT_EQ(problem(kinds), "`slopes` is declared in two different ways");

  ModParts types = hook(&ModParts::score, param("x"));
  types.prob = param("x", Type::I32);
  EXPECT_EQ(problem(types), "`x` is declared in two different ways");

  ModParts declared = hook(&ModParts::score, param("x"));
  declared.params = {{"x", Type::F32, Scalar::f32(1)}};
  EXPECT_EQ(problem(declared), "`x` is declared in two different ways");
}

TEST(ModProgram, NamesAreLawful) {
  for (std::string name : {"", "1x", "a b", "a-b", "\xc3\xa4", "x\n"})
    EXPECT_NE(problem(hook(&ModParts::score, param(name))), "") << name;
  for (std::string name :
       {"score", "q",       "kv_idx", "Hq",   "B_global", "f32", "bf16",
        "exp",   "where",   "clamp",  "any",  "min",      "and", "not",
        "let",   "softmax", "inf",    "true", "sorted",   "i64"}) {
    EXPECT_TRUE(isReservedWord(name)) << name;
    EXPECT_NE(problem(hook(&ModParts::score, param(name))), "") << name;
    ModParts named;
    named.name = name;
    EXPECT_NE(problem(named), "") << name;
  }
  for (std::string name :
       {"v", "k", "l", "m", "n", "t", "P", "T", "_", "window2", "sinks", "p0",
        "load", "invalid", "reduction", "q_lo"})
    EXPECT_EQ(problem(hook(&ModParts::score, param(name))), "") << name;
}

TEST(ModProgram, DeclarationsAreChecked) {
  auto withParam = [](ParamDecl decl) {
    ModParts parts;
    parts.params = {std::move(decl)};
    return problem(parts);
  };
  EXPECT_EQ(withParam({"x", Type::I32, Scalar::f32(1)}),
            "the default of param `x` is f32, not i32");
  EXPECT_NE(withParam({"x", Type::I64, {}}), "");

  auto withBuffer = [](auto change) {
    BufferDecl decl = slopes();
    change(decl);
    ModParts parts;
    parts.buffers = {decl};
    return problem(parts);
  };
  using D = BufferDecl &;
  EXPECT_EQ(withBuffer([](D d) { d.range = {Scalar::f32(0), Scalar::f32(0)}; }),
            "");
  EXPECT_EQ(withBuffer([](D d) { d.range = {Scalar::f32(1), Scalar::f32(0)}; }),
            "the range of buffer `slopes` is empty");
  EXPECT_NE(withBuffer([](D d) {
              d.range = {Scalar::f32(__builtin_nanf("")), Scalar::f32(0)};
            }),
            "");
  EXPECT_EQ(withBuffer([](D d) { d.range = {Scalar::i32(0), Scalar::i32(1)}; }),
            "the range of buffer `slopes` holds a i32; its values are f32");
  EXPECT_NE(withBuffer([](D d) {
              d.element = DType::Bool;
              d.range = {Scalar::boolean(false), Scalar::boolean(true)};
            }),
            "");
  EXPECT_NE(withBuffer([](D d) { d.dims = {Dim::fixed(-1)}; }), "");
  EXPECT_EQ(withBuffer([](D d) { d.dims = {Dim::fixed(0)}; }), "");
  EXPECT_NE(withBuffer([](D d) { d.dims.assign(5, Dim::any()); }), "");
  EXPECT_EQ(withBuffer([](D d) { d.sorted = true; }), "");
  EXPECT_NE(withBuffer([](D d) {
              d.sorted = true;
              d.dims.clear();
            }),
            "");
  EXPECT_EQ(withBuffer([](D d) { d.grad = true; }), "");
  EXPECT_NE(withBuffer([](D d) {
              d.grad = true;
              d.element = DType::I32;
            }),
            "");
}

TEST(ModProgram, CapturesAndNodesHaveLimits) {
  ModParts parts;
  for (int i = 0; i < kMaxCaptures; ++i)
    parts.params.push_back({"p" + std::to_string(i), Type::F32, {}});
  EXPECT_EQ(problem(parts), "");
  parts.score = param("one_more");
  EXPECT_NE(problem(parts).find("captures more than 64"), std::string::npos);

  // A sum of distinct terms, as a balanced tree: leaves, products, sums.
  auto sumOf = [](int terms) {
    std::vector<Expr> level;
    for (int i = 0; i < terms; ++i)
      level.push_back(Expr::make(Op::Mul, {var(Var::Q), Expr::i32(i)}));
    while (level.size() > 1) {
      std::vector<Expr> next;
      for (size_t i = 0; i + 1 < level.size(); i += 2)
        next.push_back(Expr::make(Op::Add, {level[i], level[i + 1]}));
      if (level.size() % 2)
        next.push_back(level.back());
      level = std::move(next);
    }
    return level[0];
  };
  // q, n constants, n products, n - 1 sums, one conversion: 3 n + 1 nodes.
  EXPECT_EQ(problem(hook(&ModParts::score, sumOf(kMaxNodes / 3))), "");
  EXPECT_NE(problem(hook(&ModParts::score, sumOf(kMaxNodes / 3 + 1))), "");
}

TEST(ModProgram, ComparesByContent) {
  ModParts parts = hook(&ModParts::score, param("x"));
  auto one = ModProgram::create(parts), two = ModProgram::create(parts);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(*one, *two);
  parts.name = "named";
  EXPECT_NE(*one, *ModProgram::create(parts));
  EXPECT_EQ(ModProgram::identity(), *ModProgram::create({}));
}

} // namespace
