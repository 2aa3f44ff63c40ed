//===- ProbScaling.cpp - Prob mods that commute with the division ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One rule per operation, operands first. A constant 0 both scales and is free
// of prob; so do sums of such.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/ProbScaling.h"

#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <unordered_set>

namespace attnjit {

namespace {
class ProbScaling {
public:
  /// Decides a node whose operands have been decided.
  void decide(const Expr &node) {
    if (scalesByRule(node))
      scaling.insert(node);
  }

  bool scales(const Expr &e) const { return scaling.contains(e); }

private:
  static bool isFree(const Expr &e) { return !e->dependsOn(Var::Prob); }

  bool allScale(std::span<const Expr> operands) const {
    return std::ranges::all_of(operands,
                               [&](const Expr &e) { return scales(e); });
  }

  bool scalesByRule(const Expr &node) const {
    auto operands = node->operands();
    switch (node->op()) {
    case Op::Const:
      return node->type() == Type::F32 && node->constant().asF32() == 0;
    case Op::Var:
      return node->var() == Var::Prob;
    case Op::Neg:
    case Op::Abs:
    case Op::Relu:
    case Op::ToF32:
    case Op::Add:
    case Op::Sub:
    case Op::Min:
    case Op::Max:
      return allScale(operands);
    case Op::Mul:
      return (scales(operands[0]) && isFree(operands[1])) ||
             (scales(operands[1]) && isFree(operands[0]));
    case Op::Div:
      return scales(operands[0]) && isFree(operands[1]);
    case Op::Where:
      return isFree(operands[0]) && allScale(operands.subspan(1));
    case Op::Reduce:
      // Sum, Min and Max; the others are bool, which never scales.
      return allScale(operands);
    default:
      return false;
    }
  }

  std::unordered_set<Expr> scaling;
};
} // namespace

bool scalesWithProb(const Expr &prob) {
  if (!prob)
    return true;
  ProbScaling analysis;
  for (const Expr &node : topologicalOrder({&prob, 1}))
    analysis.decide(node);
  return analysis.scales(prob);
}

} // namespace attnjit
