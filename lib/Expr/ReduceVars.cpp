//===- ReduceVars.cpp - Binding and renaming reduction variables ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A renaming walks down with the list of names in force, innermost first. A
// node's result depends only on the names of the variables free in it, so the
// walk drops those that are not before it looks the node up among the results.
//
//===----------------------------------------------------------------------===//

#include "ReduceVars.h"

#include <algorithm>
#include <map>
#include <tuple>

using namespace attnjit;

namespace {

/// Renames `var` to `name` within the scope of one Reduce (or of the root).
struct Scope {
  const Scope *outer;
  uint32_t var, name;
  mutable std::unordered_map<const ExprNode *, Expr> results;
};

class Renamer {
public:
  const Scope *enter(const Scope *outer, uint32_t var, uint32_t name);
  Expr rename(const Expr &e, const Scope *scope);
  Expr close(const ReduceInfo &info, const Expr &body, const Scope *scope);

private:
  static bool isFree(uint32_t var, const Expr &e) {
    return std::ranges::binary_search(e->freeReduceVars(), var);
  }
  static uint32_t lookUp(uint32_t var, const Scope *scope);

  // Equal scopes are one, so that bodies shared by many Reduces of the same
  // number are renamed once.
  std::map<std::tuple<const Scope *, uint32_t, uint32_t>, Scope> scopes;
};

} // namespace

const Scope *Renamer::enter(const Scope *outer, uint32_t var, uint32_t name) {
  auto [it, isNew] = scopes.try_emplace({outer, var, name});
  if (isNew)
    it->second = {outer, var, name, {}};
  return &it->second;
}

uint32_t Renamer::lookUp(uint32_t var, const Scope *scope) {
  for (; scope; scope = scope->outer)
    if (scope->var == var)
      return scope->name;
  return var;
}

Expr Renamer::rename(const Expr &e, const Scope *scope) {
  while (scope && !isFree(scope->var, e))
    scope = scope->outer;
  if (!scope)
    return e;
  if (e->op() == Op::ReduceVar) {
    ExprPool::Payload payload{ReduceVarId{lookUp(e->reduceVar(), scope)}};
    return ExprPool::intern(Op::ReduceVar, Type::I32, {}, &payload);
  }
  if (auto it = scope->results.find(e.get()); it != scope->results.end())
    return it->second;

  Expr result;
  if (e->op() == Op::Reduce) {
    result =
        close({e->reduceKind(), e->reduceLo(), e->reduceHi(), e->reduceVar()},
              e->operand(0), scope);
  } else {
    std::vector<Expr> operands;
    operands.reserve(e->operands().size());
    for (const Expr &operand : e->operands())
      operands.push_back(rename(operand, scope));
    result = ExprPool::withOperands(*e, operands);
  }
  scope->results.emplace(e.get(), result);
  return result;
}

Expr Renamer::close(const ReduceInfo &info, const Expr &body,
                    const Scope *scope) {
  std::vector<uint32_t> taken; // by variables bound further out
  for (uint32_t var : body->freeReduceVars())
    if (var != info.var)
      taken.push_back(lookUp(var, scope));
  ReduceInfo closed = info;
  closed.var = static_cast<uint32_t>(body->reduceNesting());
  while (std::ranges::find(taken, closed.var) != taken.end())
    ++closed.var;

  // A scope of its own even where the number stays: it hides an outer variable
  // of the same number.
  Expr renamed = rename(body, enter(scope, info.var, closed.var));
  ExprPool::Payload payload{closed};
  return ExprPool::intern(Op::Reduce, renamed->type(), {&renamed, 1}, &payload);
}

Expr attnjit::closeReduce(const ReduceInfo &info, const Expr &body) {
  return Renamer().close(info, body, nullptr);
}

Expr attnjit::renameReduceVars(
    const Expr &root, const std::unordered_map<uint32_t, uint32_t> &names) {
  Renamer renamer;
  const Scope *scope = nullptr;
  for (uint32_t var : root->freeReduceVars())
    if (auto it = names.find(var); it != names.end())
      scope = renamer.enter(scope, var, it->second);
  return renamer.rename(root, scope);
}
