//===- Vocabulary.h - The words that the language has taken -----*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a word; says what it means in every mod: a variable, a size, a type, a
// function or a keyword. Which words are reserved stands in Expr/Names.h.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_VOCABULARY_H
#define ATTNJIT_LIB_TEXT_VOCABULARY_H

#include "attnjit/Expr/Expr.h"

#include <optional>
#include <string_view>
#include <vector>

namespace attnjit {

/// Whether a line that starts with `word` must be a statement, since the word
/// can stand in no expression.
bool isDeclarationKeyword(std::string_view word);

/// `score`, `mask`, `prob` or `sink`.
bool isHook(std::string_view word);

/// The position or value that a mod calls by that name, `q_idx` and the like
/// included.
std::optional<Var> findVar(std::string_view word);
std::optional<Size> findSize(std::string_view word);

/// `f32`, `i32` or `bool`.
std::optional<Type> findScalarType(std::string_view word);

/// `any`, `all`, `sum`, `max` or `min`.
std::optional<ReduceKind> findReduceKind(std::string_view word);

/// A function that is called by name.
struct Function {
  Op op;
  int arity;
};
/// Nothing for `clamp`, which is no operation of its own.
std::optional<Function> findFunction(std::string_view word);

/// The words of the language that can stand for a value or a function, for
/// suggestions.
const std::vector<std::string_view> &valueWords();
const std::vector<std::string_view> &functionWords();

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_VOCABULARY_H
