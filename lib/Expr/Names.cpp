//===- Names.cpp - Names that mods may give -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reserved words, taken from the tables of operations and variables where
// they stand there already.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Names.h"

#include "attnjit/Expr/Expr.h"

#include <algorithm>
#include <unordered_set>

using namespace attnjit;

bool attnjit::isIdentifier(std::string_view text) {
  auto isLetter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && !isDigit(text.front()) &&
         std::ranges::all_of(text,
                             [&](char c) { return isLetter(c) || isDigit(c); });
}

static std::unordered_set<std::string_view> collectReservedWords() {
  std::unordered_set<std::string_view> words = {
      // Statements and operators spelled as words.
      "mod", "param", "const", "buffer", "let", "def", "use", "as", "mask",
      "sink", "normalize", "softmax", "none", "in", "sorted", "grad", "if",
      "else", "and", "or", "not",
      // Literals, and functions that are no operation of their own.
      "true", "false", "inf", "clamp",
      // Other names of variables.
      "q_idx", "kv_idx", "b_idx", "h_idx"};
  for (int op = static_cast<int>(Op::Neg); op <= static_cast<int>(Op::Where);
       ++op)
    if (op != static_cast<int>(Op::ToI64) &&
        isIdentifier(spelling(static_cast<Op>(op))))
      words.insert(spelling(static_cast<Op>(op)));
  for (int var = 0; var <= static_cast<int>(Var::KvH); ++var)
    words.insert(name(static_cast<Var>(var)));
  for (int size = 0; size <= static_cast<int>(Size::HqGlobal); ++size)
    words.insert(name(static_cast<Size>(size)));
  for (int kind = 0; kind <= static_cast<int>(ReduceKind::Max); ++kind)
    words.insert(name(static_cast<ReduceKind>(kind)));
  for (int type = 0; type <= static_cast<int>(DType::Bool); ++type)
    words.insert(name(static_cast<DType>(type)));
  return words;
}

bool attnjit::isReservedWord(std::string_view text) {
  static const auto *words =
      new std::unordered_set<std::string_view>(collectReservedWords());
  return words->contains(text);
}
