//===- Vocabulary.cpp - The words that the language has taken -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tables of words, built once from the enumerations of Expr where there is
// one, so that a new operation is a new function of the language.
//
//===----------------------------------------------------------------------===//

#include "Vocabulary.h"

#include "attnjit/Expr/Names.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

using namespace attnjit;

static constexpr std::string_view kDeclarationKeywords[] = {
    "mod", "param", "const", "buffer", "let", "def", "use"};
static constexpr std::string_view kHooks[] = {"score", "mask", "prob", "sink"};
static constexpr Var kVars[] = {Var::Score, Var::Prob,   Var::B,
                                Var::H,     Var::Q,      Var::Kv,
                                Var::KvH,   Var::QLocal, Var::KvLocal};
static constexpr std::pair<std::string_view, Var> kAliases[] = {
    {"b_idx", Var::B},
    {"h_idx", Var::H},
    {"q_idx", Var::Q},
    {"kv_idx", Var::Kv}};
static constexpr Size kSizes[] = {Size::B,       Size::Hq,      Size::Hkv,
                                  Size::Sq,      Size::Skv,     Size::D,
                                  Size::BGlobal, Size::HqGlobal};
static constexpr ReduceKind kReduceKinds[] = {ReduceKind::Any, ReduceKind::All,
                                              ReduceKind::Sum, ReduceKind::Min,
                                              ReduceKind::Max};

template <typename Value>
using WordMap = std::unordered_map<std::string_view, Value>;

template <typename Value>
static std::optional<Value> find(const WordMap<Value> &map,
                                 std::string_view word) {
  auto it = map.find(word);
  return it == map.end() ? std::nullopt : std::optional(it->second);
}

static const WordMap<Var> &vars() {
  static const WordMap<Var> map = [] {
    WordMap<Var> words(std::begin(kAliases), std::end(kAliases));
    for (Var var : kVars)
      words.emplace(name(var), var);
    return words;
  }();
  return map;
}

static const WordMap<Size> &sizes() {
  static const WordMap<Size> map = [] {
    WordMap<Size> words;
    for (Size size : kSizes)
      words.emplace(name(size), size);
    return words;
  }();
  return map;
}

static const WordMap<Function> &functions() {
  static const WordMap<Function> map = [] {
    WordMap<Function> words;
#define ATTNJIT_OP(Name, Spelling, Arity)                                      \
  if (Arity >= 1 && isOperator(Op::Name) && isIdentifier(Spelling))            \
    words.emplace(Spelling, Function{Op::Name, Arity});
#include "attnjit/Expr/Ops.def"
    words.erase("not"); // an operator
    words.erase("i64"); // no value of a mod
    return words;
  }();
  return map;
}

bool attnjit::isDeclarationKeyword(std::string_view word) {
  return std::ranges::find(kDeclarationKeywords, word) !=
         std::end(kDeclarationKeywords);
}

bool attnjit::isHook(std::string_view word) {
  return std::ranges::find(kHooks, word) != std::end(kHooks);
}

std::optional<Var> attnjit::findVar(std::string_view word) {
  return find(vars(), word);
}

std::optional<Size> attnjit::findSize(std::string_view word) {
  return find(sizes(), word);
}

std::optional<Type> attnjit::findScalarType(std::string_view word) {
  for (Type type : {Type::F32, Type::I32, Type::Bool})
    if (name(type) == word)
      return type;
  return std::nullopt;
}

std::optional<ReduceKind> attnjit::findReduceKind(std::string_view word) {
  for (ReduceKind kind : kReduceKinds)
    if (name(kind) == word)
      return kind;
  return std::nullopt;
}

std::optional<Function> attnjit::findFunction(std::string_view word) {
  return find(functions(), word);
}

const std::vector<std::string_view> &attnjit::valueWords() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> list = {"true", "false", "inf"};
    for (const auto &[word, var] : vars())
      list.push_back(word);
    for (const auto &[word, size] : sizes())
      list.push_back(word);
    std::ranges::sort(list);
    return list;
  }();
  return words;
}

const std::vector<std::string_view> &attnjit::functionWords() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> list = {"any", "all", "sum", "clamp"};
    for (const auto &[word, function] : functions())
      list.push_back(word);
    std::ranges::sort(list);
    return list;
  }();
  return words;
}
