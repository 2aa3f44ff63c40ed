//===- Simplify.cpp - Rewriting expressions to simpler equal ones ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A node is in normal form when its operands are and no step below changes it.
// Nodes are brought to normal form operands first, each distinct one once. A
// rule's right side is built bottom-up, every node of it brought to normal
// form as it is made, so that the result needs no second pass.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Simplify.h"

#include "Evaluate.h"
#include "SimplifyRules.h"
#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>

namespace attnjit {

namespace {

class Simplifier {
public:
  /// The normal form of `root`.
  Expr run(const Expr &root);

private:
  Expr finish(const Expr &node);
  Expr make(Op op, std::span<const Expr> operands);
  Expr applyRules(const Expr &node);
  Expr reduceConstantBody(const Expr &reduce);
  Expr inlineStep(const Expr &reduce);
  Expr finishReduce(const Expr &original, const Expr &reduce);

  /// Normal forms of nodes whose operands are in normal form, and of
  /// everything that a run went through.
  std::unordered_map<Expr, Expr> results;
  /// Rules inside the right sides of rules. Every rule makes progress, so this
  /// is a guard, far above what the rules need.
  int nesting = 0;
  /// Nodes that may still be walked to replace reductions of one step by their
  /// bodies. Reductions that share a body get one each, so without a limit the
  /// result could be larger than the expression by a factor of its size.
  int64_t inlineBudget = kMaxNodes;
};

} // namespace

static constexpr int kMaxRuleNesting = 256;

static bool isConstant(const Expr &e) { return e->op() == Op::Const; }

static bool isZero(const Expr &e) {
  return isConstant(e) && e->type() != Type::F32 &&
         toSlot(e->constant()).i == 0;
}

/// The order of commutative operands: constants last, flat before deep, then
/// by hash. It depends on structure alone, so it is the same in every process.
static bool isBefore(const Expr &a, const Expr &b) {
  auto key = [](const Expr &e) {
    return std::tuple(isConstant(e), e->depth(), e->op(), e->hash());
  };
  return key(a) < key(b);
}

/// The constant that `op` of constants is; null where it is none.
static Expr fold(const Expr &node) {
  std::array<Scalar, 3> values;
  size_t count = node->operands().size();
  if (count == 0 || count > values.size() || !isOperator(node->op()))
    return Expr();
  for (size_t k = 0; k < count; ++k) {
    if (!isConstant(node->operand(k)))
      return Expr();
    values[k] = node->operand(k)->constant();
  }
  auto value =
      evaluateOp(node->op(), node->type(), std::span(values).first(count));
  return value ? Expr::constant(*value) : Expr();
}

/// `op` of operands in normal form, in normal form. Null where there is no such
/// node, since it would be too deep.
Expr Simplifier::make(Op op, std::span<const Expr> operands) {
  // A divisor that turns out to be 0 is the run-time 0 of the language, which
  // divides to 0; as a node, division by the constant 0 does not exist.
  if ((op == Op::FloorDiv || op == Op::Mod) && isZero(operands[1]))
    return operands[1];
  std::array<Expr, 2> ordered;
  if (isCommutative(op) && isBefore(operands[1], operands[0])) {
    ordered = {operands[1], operands[0]};
    operands = ordered;
  }
  Expr node = Expr::make(op, operands);
  return node->op() == Op::Invalid ? Expr() : finish(node);
}

/// The right side of the first rule that fits, in normal form; null where none
/// does.
Expr Simplifier::applyRules(const Expr &node) {
  if (nesting >= kMaxRuleNesting)
    return Expr();
  ++nesting;
  Expr result;
  for (const Rule &rule : simplifyRulesOf(node->op())) {
    Match match;
    if (!match.match(rule.left, node) || !match.holds(rule.condition))
      continue;
    result =
        match.build(rule.right, [&](Op op, std::span<const Expr> operands) {
          return make(op, operands);
        });
    if (result)
      break;
  }
  --nesting;
  return result;
}

/// Normal form of an operator or leaf whose operands are in normal form and in
/// order.
Expr Simplifier::finish(const Expr &node) {
  if (auto found = results.find(node); found != results.end())
    return found->second;
  Expr result = node;
  if (isConstant(node))
    result = Expr::constant(toScalar(toSlot(node->constant()), node->type()));
  else if (Expr folded = fold(node))
    result = folded;
  else if (Expr rewritten = applyRules(node))
    result = rewritten;
  results.emplace(node, result);
  return result;
}

/// The value of a reduction whose body does not change from step to step; null
/// where it must be computed.
Expr Simplifier::reduceConstantBody(const Expr &reduce) {
  const Expr &body = reduce->operand(0);
  for (uint32_t free : body->freeReduceVars())
    if (free == reduce->reduceVar())
      return Expr();
  auto steps = static_cast<int32_t>(reduce->reduceHi() - reduce->reduceLo());
  if (reduce->reduceKind() != ReduceKind::Sum || steps == 1)
    return body;
  if (body->type() != Type::I32) // repeated f32 addition rounds each time
    return Expr();
  return make(Op::Mul, std::array{body, Expr::i32(steps)});
}

/// The only step of a reduction whose body has its variable; null where the
/// budget is spent.
Expr Simplifier::inlineStep(const Expr &reduce) {
  if (inlineBudget <= 0)
    return Expr();
  const Expr &body = reduce->operand(0);
  std::vector<Expr> nodes = topologicalOrder({&body, 1});
  inlineBudget -= static_cast<int64_t>(nodes.size());
  if (inlineBudget < 0)
    return Expr();
  auto isVariable = [&](const Expr &node) {
    return node->op() == Op::ReduceVar &&
           node->reduceVar() == reduce->reduceVar();
  };
  Expr variable = *std::ranges::find_if(nodes, isVariable);
  Expr value = Expr::i32(static_cast<int32_t>(reduce->reduceLo()));
  Expr step = substitute(body, std::array{std::pair(variable, value)});
  return step->op() == Op::Invalid ? Expr() : run(step);
}

/// Normal form of a Reduce whose body was brought to normal form.
Expr Simplifier::finishReduce(const Expr &original, const Expr &reduce) {
  if (Expr value = reduceConstantBody(reduce))
    return value;
  if (reduce->reduceHi() - reduce->reduceLo() == 1)
    if (Expr step = inlineStep(reduce))
      return step;
  // Another number of the bound variable can mean another order of operands.
  // Numbers count nested reductions, so they settle within the nesting limit.
  if (reduce->reduceVar() != original->reduceVar())
    return run(reduce);
  return reduce;
}

Expr Simplifier::run(const Expr &root) {
  for (const Expr &node : topologicalOrder({&root, 1})) {
    if (results.contains(node))
      continue;
    std::vector<Expr> operands;
    for (const Expr &operand : node->operands())
      operands.push_back(results.at(operand));
    Expr result;
    if (isOperator(node->op())) {
      result = make(node->op(), operands);
    } else {
      result = rebuild(node, operands);
      result = result->op() == Op::Reduce ? finishReduce(node, result)
                                          : finish(result);
    }
    // Null: the rewritten operands are deeper than a node may be. The node as
    // it stood has the same value.
    if (!result || result->op() == Op::Invalid)
      result = node;
    results.insert_or_assign(node, result);
    results.emplace(result, result);
  }
  return results.at(root);
}

Expr simplify(const Expr &root) {
  if (!root || root->op() == Op::Invalid)
    return root;
  return Simplifier().run(root);
}

} // namespace attnjit
