//===- Hoisting.cpp - What a hook computes less than once a pair ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/Hoisting.h"

#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

using namespace attnjit;

std::string_view attnjit::name(SharedBy sharing) {
  switch (sharing) {
  case SharedBy::Head:
    return "head";
  case SharedBy::Query:
    return "query";
  case SharedBy::Key:
    return "key";
  case SharedBy::Distance:
    return "distance";
  }
  return "unknown";
}

namespace {

/// How often q and kv go into a sum; i32 arithmetic wraps, so q - kv is one
/// number however it is summed.
struct Steps {
  int q = 0, kv = 0;
};

class Sharing {
public:
  /// Operands must have been visited.
  void visit(const Expr &e) {
    if (std::optional<Steps> found = stepsIn(e))
      steps.emplace(e, *found);
    if (std::optional<SharedBy> found = sharedBy(e))
      shared.emplace(e, *found);
  }

  std::optional<SharedBy> of(const Expr &e) const {
    auto found = shared.find(e);
    return found == shared.end() ? std::nullopt : std::optional(found->second);
  }

private:
  static bool dependsOnQuery(const Expr &e) {
    return e->dependsOn(Var::Q) || e->dependsOn(Var::QLocal);
  }
  static bool dependsOnKey(const Expr &e) {
    return e->dependsOn(Var::Kv) || e->dependsOn(Var::KvLocal);
  }

  std::optional<Steps> stepsIn(const Expr &e) const {
    if (e->type() != Type::I32 || e->hasFreeReduceVars())
      return std::nullopt;
    if (!dependsOnQuery(e) && !dependsOnKey(e))
      return Steps();
    if (e->op() == Op::Var)
      return dependsOnQuery(e) ? Steps{1, 0} : Steps{0, 1};
    if (e->op() != Op::Add && e->op() != Op::Sub)
      return std::nullopt;
    auto a = steps.find(e->operand(0)), b = steps.find(e->operand(1));
    if (a == steps.end() || b == steps.end())
      return std::nullopt;
    const int sign = e->op() == Op::Add ? 1 : -1;
    Steps sum = {a->second.q + sign * b->second.q,
                 a->second.kv + sign * b->second.kv};
    // Deep sums of sums would overflow; none that is written does.
    if (std::abs(sum.q) > 64 || std::abs(sum.kv) > 64)
      return std::nullopt;
    return sum;
  }

  std::optional<SharedBy> sharedBy(const Expr &e) const {
    if (e->hasFreeReduceVars() || e->dependsOn(Var::Score) ||
        e->dependsOn(Var::Prob))
      return std::nullopt;
    const bool query = dependsOnQuery(e), key = dependsOnKey(e);
    if (!query || !key)
      return !query && !key ? SharedBy::Head
             : query        ? SharedBy::Query
                            : SharedBy::Key;
    if (auto found = steps.find(e);
        found != steps.end() && found->second.q + found->second.kv == 0)
      return SharedBy::Distance;
    const bool byDistance =
        !e->operands().empty() && e->op() != Op::Reduce &&
        std::ranges::all_of(e->operands(), [&](const Expr &operand) {
          std::optional<SharedBy> by = of(operand);
          return by == SharedBy::Head || by == SharedBy::Distance;
        });
    return byDistance ? std::optional(SharedBy::Distance) : std::nullopt;
  }

  std::unordered_map<Expr, Steps> steps;
  std::unordered_map<Expr, SharedBy> shared;
};

} // namespace

std::vector<SharedValue> attnjit::findSharedValues(const Expr &hook) {
  std::vector<SharedValue> values;
  if (!hook)
    return values;
  const std::vector<Expr> order = topologicalOrder({&hook, 1});
  Sharing sharing;
  for (const Expr &e : order)
    sharing.visit(e);
  auto add = [&](const Expr &e, std::optional<SharedBy> inside) {
    std::optional<SharedBy> by = sharing.of(e);
    if (!by || by == inside || e->operands().empty())
      return;
    SharedValue value = {e, *by};
    if (std::ranges::find(values, value) == values.end())
      values.push_back(value);
  };
  // A part of a shared value is listed where it is shared by more.
  for (const Expr &e : order)
    if (e->op() != Op::Reduce)
      for (const Expr &operand : e->operands())
        add(operand, sharing.of(e));
  add(hook, std::nullopt);
  return values;
}
