//===- SimplifyPattern.cpp - Sides of rewrite rules -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Matching, building and expanding. Patterns are a few nodes deep, so that
// recursion over them is.
//
//===----------------------------------------------------------------------===//

#include "SimplifyPattern.h"

#include "Evaluate.h"
#include "OpTypes.h"

#include <fmt/format.h>

#include <cassert>

namespace attnjit {

bool isCommutative(Op op) {
  switch (op) {
  case Op::Add:
  case Op::Mul:
  case Op::And:
  case Op::Or:
  case Op::Xor:
  case Op::Eq:
  case Op::Ne:
  case Op::Min:
  case Op::Max:
    return true;
  default:
    return false;
  }
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

/// Whether `e` is the constant of that literal.
static bool isLiteral(const Expr &e, const Scalar &literal) {
  if (e->op() != Op::Const)
    return false;
  const Scalar &value = e->constant();
  if (literal.type != Type::I64)
    return value == literal;
  return typeSet(value.type) & kInteger && toSlot(value).i == literal.asI64();
}

bool Match::bind(const Pattern &wildcard, const Expr &e) {
  bool isConstant = e->op() == Op::Const;
  if (!(wildcard.types & typeSet(e->type())) ||
      (wildcard.kind == Pattern::Kind::Constant && !isConstant) ||
      (wildcard.kind == Pattern::Kind::NonConstant && isConstant))
    return false;
  const Expr *&slot = bound[wildcard.name - 'a'];
  if (slot)
    return *slot == e;
  slot = &e;
  if (typeSet(e->type()) & kInteger)
    integer = e->type();
  return true;
}

bool Match::match(const Pattern &pattern, const Expr &e) {
  if (pattern.isWildcard())
    return bind(pattern, e);
  if (pattern.kind == Pattern::Kind::Literal)
    return isLiteral(e, pattern.value);
  if (e->op() != pattern.op)
    return false;
  for (size_t k = 0; k < pattern.operands.size(); ++k)
    if (!match(pattern.operands[k], e->operand(k)))
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

Scalar Match::literal(const Pattern &pattern) const {
  if (pattern.value.type != Type::I64 || integer == Type::I64)
    return pattern.value;
  return Scalar::i32(static_cast<int32_t>(pattern.value.asI64()));
}

Expr Match::build(const Pattern &pattern, const Make &make) const {
  if (pattern.isWildcard())
    return *bound[pattern.name - 'a'];
  if (pattern.kind == Pattern::Kind::Literal)
    return Expr::constant(literal(pattern));
  std::array<Expr, 3> operands;
  size_t count = pattern.operands.size();
  for (size_t k = 0; k < count; ++k)
    if (!(operands[k] = build(pattern.operands[k], make)))
      return Expr();
  return make(pattern.op, std::span<const Expr>(operands.data(), count));
}

std::optional<Scalar> Match::evaluate(const Pattern &pattern) const {
  if (pattern.isWildcard()) {
    const Expr &e = *bound[pattern.name - 'a'];
    assert(e->op() == Op::Const && "conditions are of constants");
    return e->constant();
  }
  if (pattern.kind == Pattern::Kind::Literal)
    return literal(pattern);
  std::array<Scalar, 3> values;
  std::array<Type, 3> types;
  size_t count = pattern.operands.size();
  for (size_t k = 0; k < count; ++k) {
    std::optional<Scalar> value = evaluate(pattern.operands[k]);
    if (!value)
      return std::nullopt;
    values[k] = *value;
    types[k] = value->type;
  }
  auto typing = typeOperator(pattern.op, std::span(types).first(count));
  if (!typing)
    return std::nullopt;
  return evaluateOp(pattern.op, typing->result, std::span(values).first(count));
}

bool Match::holds(const Pattern &condition) const {
  std::optional<Scalar> value = evaluate(condition);
  return value && value->asBool();
}

//===----------------------------------------------------------------------===//
// Orders of commutative operations
//===----------------------------------------------------------------------===//

static bool isConstantPattern(const Pattern &pattern) {
  return pattern.kind == Pattern::Kind::Constant ||
         pattern.kind == Pattern::Kind::Literal;
}

static std::vector<Pattern> ordersOf(const Pattern &pattern) {
  if (pattern.kind != Pattern::Kind::Operation)
    return {pattern};
  std::vector<Pattern> orders = {Pattern(pattern.op, {})};
  for (const Pattern &operand : pattern.operands) {
    std::vector<Pattern> longer;
    for (const Pattern &prefix : orders)
      for (const Pattern &order : ordersOf(operand)) {
        longer.push_back(prefix);
        longer.back().operands.push_back(order);
      }
    orders = std::move(longer);
  }
  if (isCommutative(pattern.op) && !isConstantPattern(pattern.operands[1]))
    for (size_t k = 0, count = orders.size(); k < count; ++k) {
      const std::vector<Pattern> &operands = orders[k].operands;
      orders.push_back(Pattern(pattern.op, {operands[1], operands[0]}));
    }
  return orders;
}

std::vector<Rule> expandCommutative(const Rule &rule) {
  std::vector<Rule> rules;
  for (Pattern &left : ordersOf(rule.left))
    rules.push_back({std::move(left), rule.right, rule.condition});
  return rules;
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static std::string text(const Scalar &literal) {
  if (literal.type == Type::F32)
    return fmt::format("{}f", literal.asF32());
  if (literal.type == Type::Bool)
    return literal.asBool() ? "true" : "false";
  return fmt::format("{}", literal.asI64());
}

static std::string text(const Pattern &pattern) {
  if (pattern.isWildcard())
    return std::string(1, pattern.name);
  if (pattern.kind == Pattern::Kind::Literal)
    return text(pattern.value);
  std::string result;
  for (const Pattern &operand : pattern.operands)
    result += (result.empty() ? "" : ", ") + text(operand);
  return fmt::format("{}({})", spelling(pattern.op), result);
}

std::string text(const Rule &rule) {
  return fmt::format("{} -> {}", text(rule.left), text(rule.right));
}

} // namespace attnjit
