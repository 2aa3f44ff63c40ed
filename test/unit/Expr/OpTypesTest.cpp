//===- OpTypesTest.cpp - Every operator on every combination of types -----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table below is written by hand from the language's definition, one letter
// for each type, and compared with Expr::make for all combinations.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Expr.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <vector>

using namespace attnjit;

namespace {

/// Operand letters, then the result's: f f32, i i32, b bool, l i64.
const std::map<std::string, std::vector<Op>> kSignatures = {
    {"f:f i:i l:l", {Op::Neg, Op::Abs}},
    {"f:f i:i", {Op::Sign}},
    {"i:i b:b", {Op::Not}},
    {"f:f i:f",
     {Op::Floor, Op::Ceil, Op::Trunc, Op::Round, Op::Exp, Op::Exp2, Op::Log,
      Op::Log2, Op::Sqrt, Op::Rsqrt, Op::Tanh, Op::Sigmoid, Op::Erf, Op::Sin,
      Op::Cos, Op::Gelu, Op::Relu}},
    {"f:f i:f b:f", {Op::ToF32}},
    {"f:i i:i b:i l:i", {Op::ToI32}},
    {"f:b i:b b:b", {Op::ToBool}},
    {"i:l l:l", {Op::ToI64}},
    {"ff:f fi:f if:f ii:i ll:l", {Op::Add, Op::Sub, Op::Mul, Op::Min, Op::Max}},
    {"ff:f fi:f if:f ii:f", {Op::Div, Op::Pow}},
    {"ii:i ll:l", {Op::FloorDiv}},
    {"ii:i", {Op::Mod, Op::Shl, Op::Shr}},
    {"ii:i bb:b", {Op::And, Op::Or, Op::Xor}},
    {"ff:b fi:b if:b ii:b ll:b", {Op::Lt, Op::Le, Op::Gt, Op::Ge}},
    {"ff:b fi:b if:b ii:b ll:b bb:b", {Op::Eq, Op::Ne}},
    {"bff:f bfi:f bif:f bii:i bbb:b bll:l", {Op::Where}},
};

Expr leafOf(char letter, size_t position) {
  auto n = static_cast<int>(position);
  switch (letter) {
  case 'f':
    return Expr::param({"f" + std::to_string(n), Type::F32, {}});
  case 'i':
    return Expr::param({"i" + std::to_string(n), Type::I32, {}});
  case 'b':
    return Expr::param({"b" + std::to_string(n), Type::Bool, {}});
  default:
    return Expr::make(Op::ToI64, {leafOf('i', position)});
  }
}

char letterOf(Type type) { return name(type) == "i64" ? 'l' : name(type)[0]; }

TEST(OpTypes, MatchTheTable) {
  std::map<Op, std::map<std::string, char>> table;
  for (const auto &[signatures, ops] : kSignatures)
    for (Op op : ops) {
      std::istringstream words(signatures);
      for (std::string word; words >> word;)
        table[op][word.substr(0, word.size() - 2)] = word.back();
    }

  int accepted = 0;
  for (int i = 0; i <= static_cast<int>(Op::Where); ++i) {
    Op op = static_cast<Op>(i);
    if (!isOperator(op))
      continue;
    ASSERT_TRUE(table.contains(op)) << spelling(op);
    std::vector<std::string> combinations = {""};
    for (int k = 0; k < arity(op); ++k) {
      std::vector<std::string> longer;
      for (const std::string &prefix : combinations)
        for (char letter : {'f', 'i', 'b', 'l'})
          longer.push_back(prefix + letter);
      combinations = longer;
    }
    for (const std::string &types : combinations) {
      SCOPED_TRACE(std::string(spelling(op)) + " of " + types);
      std::vector<Expr> operands;
      for (size_t k = 0; k < types.size(); ++k)
        operands.push_back(leafOf(types[k], k));
      Expr e = Expr::make(op, operands);
      auto expected = table[op].find(types);
      if (expected == table[op].end()) {
        EXPECT_EQ(e->op(), Op::Invalid);
        EXPECT_NE(e->message().find("`"), std::string::npos);
        continue;
      }
      ++accepted;
      EXPECT_EQ(letterOf(e->type()), expected->second);
      bool isCast = op >= Op::ToF32 && op <= Op::ToI64;
      if (isCast && types[0] == expected->second) {
        EXPECT_EQ(e, operands[0]); // the type is there already
        continue;
      }
      EXPECT_EQ(e->op(), op);
      // Operands are the given ones, or their conversions to f32.
      size_t first = op == Op::Where ? 1 : 0;
      for (size_t k = 0; k < types.size(); ++k) {
        Expr wanted = operands[k];
        if (e->operand(k) != wanted)
          wanted = Expr::make(Op::ToF32, {wanted});
        EXPECT_EQ(e->operand(k), wanted);
        if (!isCast && k >= first) {
          EXPECT_EQ(e->operand(k)->type(), e->operand(first)->type());
        }
      }
    }
  }
  EXPECT_GT(accepted, 100);
}

TEST(OpTypes, MessagesNameTheTypes) {
  Expr f = leafOf('f', 0), i = leafOf('i', 0), b = leafOf('b', 0);
  EXPECT_EQ(Expr::make(Op::Mod, {f, i})->message(),
            "the operands of `%` are both i32, not f32 and i32");
  EXPECT_EQ(Expr::make(Op::Where, {i, f, f})->message(),
            "the condition of `where` is bool, not i32");
  EXPECT_EQ(Expr::make(Op::Where, {b, f, b})->message(),
            "the branches of `where` are both f32, i32 or bool, not f32 and "
            "bool");
  EXPECT_EQ(Expr::make(Op::Exp, {b})->message(), "`exp` takes f32, not bool");
}

TEST(OpTypes, ConstantZeroDivides) {
  Expr i = leafOf('i', 0), zero = Expr::i32(0);
  for (Op op : {Op::FloorDiv, Op::Mod})
    EXPECT_EQ(Expr::make(op, {i, zero})->op(), Op::Invalid);
  EXPECT_EQ(Expr::make(Op::FloorDiv, {leafOf('l', 0), Expr::i64(0)})->op(),
            Op::Invalid);
  EXPECT_EQ(Expr::make(Op::Div, {i, zero})->op(), Op::Div); // IEEE
  EXPECT_EQ(Expr::make(Op::Mod, {zero, i})->op(), Op::Mod);
}

TEST(OpTypes, WrongNumbersOfOperands) {
  Expr i = leafOf('i', 0);
  EXPECT_EQ(Expr::make(Op::Add, {i})->op(), Op::Invalid);
  EXPECT_EQ(Expr::make(Op::Neg, {i, i})->op(), Op::Invalid);
  EXPECT_EQ(Expr::make(Op::Add, {i, Expr()})->op(), Op::Invalid);
  for (Op op : {Op::Const, Op::Var, Op::Load, Op::Reduce, Op::Invalid})
    EXPECT_EQ(Expr::make(op, {i})->op(), Op::Invalid);
}

TEST(OpTypes, InvalidOperandsPassTheirMessageOn) {
  Expr bad = Expr::invalid("first"), i = leafOf('i', 0);
  EXPECT_EQ(Expr::make(Op::Add, {i, bad}), bad);
  EXPECT_EQ(Expr::make(Op::Where, {bad, Expr::invalid("second"), i}), bad);
  EXPECT_EQ(Expr::toF32(bad), bad);
  BufferDecl x{"x", DType::F32, {Dim::any()}, {}, {}, {}};
  EXPECT_EQ(Expr::load(x, std::vector{bad}), bad);
  EXPECT_EQ(Expr::reduce(ReduceKind::Sum, 0, 2, Expr::freshReduceVar(), bad),
            bad);
}

} // namespace
