//===- Ops.cpp - Names of operations and variables ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tables over the enumerations of the expression language.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Expr.h"

#include <array>
#include <iterator>

using namespace attnjit;

std::string_view attnjit::spelling(Op op) {
  static constexpr std::string_view kSpellings[] = {
#define ATTNJIT_OP(Name, Spelling, Arity) Spelling,
#include "attnjit/Expr/Ops.def"
  };
  auto index = static_cast<size_t>(op);
  return index < std::size(kSpellings) ? kSpellings[index] : "unknown";
}

int attnjit::arity(Op op) {
  static constexpr int kArities[] = {
#define ATTNJIT_OP(Name, Spelling, Arity) Arity,
#include "attnjit/Expr/Ops.def"
  };
  auto index = static_cast<size_t>(op);
  return index < std::size(kArities) ? kArities[index] : 0;
}

bool attnjit::isOperator(Op op) { return arity(op) > 0 && op != Op::Reduce; }

std::string_view attnjit::name(Var var) {
  static constexpr std::array<std::string_view, kVarCount> kNames = {
      "score",       "prob",       "b",        "h",          "q",
      "kv",          "q_local",    "kv_local", "kvh",        "q_lo",
      "q_hi",        "kv_lo",      "kv_hi",    "q_local_lo", "q_local_hi",
      "kv_local_lo", "kv_local_hi"};
  auto index = static_cast<size_t>(var);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Type attnjit::typeOf(Var var) {
  return var == Var::Score || var == Var::Prob ? Type::F32 : Type::I32;
}

std::string_view attnjit::name(ReduceKind kind) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "any", "all", "sum", "min", "max"};
  auto index = static_cast<size_t>(kind);
  return index < kNames.size() ? kNames[index] : "unknown";
}
