//===- Visitor.cpp - Walking and rewriting expression graphs --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One order of the distinct nodes, and everything else in terms of it.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Visitor.h"

#include "ReduceVars.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

using namespace attnjit;

std::vector<Expr> attnjit::topologicalOrder(std::span<const Expr> roots) {
  struct Frame {
    const Expr *e;
    size_t nextOperand;
  };
  std::vector<Expr> order;
  std::unordered_set<const ExprNode *> seen;
  std::vector<Frame> path;
  auto enter = [&](const Expr &e) {
    if (e && seen.insert(e.get()).second)
      path.push_back({&e, 0});
  };
  for (const Expr &root : roots) {
    enter(root);
    while (!path.empty()) {
      Frame &frame = path.back();
      const Expr &e = *frame.e;
      if (frame.nextOperand < e->operands().size()) {
        enter(e->operand(frame.nextOperand++));
      } else {
        order.push_back(e);
        path.pop_back();
      }
    }
  }
  return order;
}

Expr attnjit::transform(
    const Expr &root,
    const std::function<Expr(const Expr &node, std::span<const Expr> operands)>
        &rewrite) {
  std::unordered_map<const ExprNode *, Expr> results;
  std::vector<Expr> operands;
  for (const Expr &e : topologicalOrder({&root, 1})) {
    operands.clear();
    for (const Expr &operand : e->operands())
      operands.push_back(results.at(operand.get()));
    results.emplace(e.get(), rewrite(e, operands));
  }
  return root ? results.at(root.get()) : Expr();
}

Expr attnjit::rebuild(const Expr &node, std::span<const Expr> operands) {
  if (std::ranges::equal(node->operands(), operands))
    return node;
  switch (node->op()) {
  case Op::Load:
    return Expr::load(node->buffer(), operands);
  case Op::LoadMin:
  case Op::LoadMax:
    return Expr::loadExtreme(node->op(), node->buffer(), operands);
  case Op::Reduce: {
    ExprPool::Payload variable{ReduceVarId{node->reduceVar()}};
    return Expr::reduce(
        node->reduceKind(), node->reduceLo(), node->reduceHi(),
        ExprPool::intern(Op::ReduceVar, Type::I32, {}, &variable), operands[0]);
  }
  default:
    return Expr::make(node->op(), operands);
  }
}

/// Why `second` cannot stand for `first`; null where it can.
static Expr checkReplacement(const Expr &first, const Expr &second) {
  if (!first || !second)
    return Expr::invalid("a replacement is absent");
  if (second->op() == Op::Invalid)
    return second;
  if (first->type() == second->type())
    return Expr();
  return Expr::invalid(fmt::format(
      "a {} cannot stand for {}, which is {}", name(second->type()),
      first->op() == Op::Var ? fmt::format("`{}`", name(first->var()))
                             : fmt::format("a {}", spelling(first->op())),
      name(first->type())));
}

using Replacements = std::span<const std::pair<Expr, Expr>>;

static Expr substituteNodes(const Expr &root, Replacements replacements) {
  std::unordered_map<Expr, Expr> map(replacements.begin(), replacements.end());
  return transform(root, [&](const Expr &e, std::span<const Expr> operands) {
    auto it = map.find(e);
    return it != map.end() ? it->second : rebuild(e, operands);
  });
}

Expr attnjit::substitute(const Expr &root, Replacements replacements) {
  if (!root)
    return root;
  // Free variables of the replacements get names that no Reduce binds while
  // the replacements are put in their places, and their own again afterwards.
  std::unordered_map<uint32_t, uint32_t> away, back;
  for (const auto &[first, second] : replacements) {
    if (Expr problem = checkReplacement(first, second))
      return problem;
    for (const Expr *e : {&first, &second})
      for (uint32_t var : (*e)->freeReduceVars())
        if (var < kFirstFreshReduceVar && !away.contains(var)) {
          uint32_t fresh = Expr::freshReduceVar()->reduceVar();
          away.emplace(var, fresh);
          back.emplace(fresh, var);
        }
  }
  if (away.empty())
    return substituteNodes(root, replacements);

  std::vector<std::pair<Expr, Expr>> renamed;
  for (const auto &[first, second] : replacements)
    renamed.emplace_back(renameReduceVars(first, away),
                         renameReduceVars(second, away));
  return renameReduceVars(
      substituteNodes(renameReduceVars(root, away), renamed), back);
}
