//===- ConstantValue.cpp - Values known at compile time -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The Interpreter is what defines values, so it computes these too.
//
//===----------------------------------------------------------------------===//

#include "ConstantValue.h"

#include "ParseContext.h"

#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

using namespace attnjit;

/// An upper bound of the operations that evaluating `order` takes: all of its
/// nodes, as often as its deepest nest of reductions goes round.
static uint64_t costOf(const std::vector<Expr> &order) {
  constexpr uint64_t kHuge = uint64_t{1} << 40;
  std::unordered_map<const ExprNode *, uint64_t> rounds;
  uint64_t deepest = 1;
  for (const Expr &e : order) {
    uint64_t count = 1;
    for (const Expr &operand : e->operands())
      count = std::max(count, rounds.at(operand.get()));
    if (e->op() == Op::Reduce)
      count = std::min(
          kHuge, count * static_cast<uint64_t>(e->reduceHi() - e->reduceLo()));
    rounds.emplace(e.get(), count);
    deepest = std::max(deepest, count);
  }
  return std::min(kHuge, deepest * order.size());
}

static Scalar toScalar(const Value &value) {
  switch (value.type) {
  case Type::F32:
    // One NaN, so that equal constants are equal nodes.
    return Scalar::f32(std::isnan(value.f)
                           ? std::numeric_limits<float>::quiet_NaN()
                           : static_cast<float>(value.f));
  case Type::Bool:
    return Scalar::boolean(value.i != 0);
  case Type::I32:
  case Type::I64:
    break;
  }
  return Scalar::i32(static_cast<int32_t>(value.i));
}

std::variant<Scalar, NoConstant>
attnjit::evaluateConstant(const Expr &e, uint64_t &stepsLeft) {
  if (e->op() == Op::Const)
    return e->constant();
  if (e->vars() != 0 || e->hasFreeReduceVars())
    return NoConstant::DependsOnRun;
  std::vector<Expr> order = topologicalOrder({&e, 1});
  auto isFromRun = [](const Expr &node) {
    return node->op() == Op::SizeOf || node->op() == Op::Param ||
           node->op() == Op::Load;
  };
  if (std::ranges::any_of(order, isFromRun))
    return NoConstant::DependsOnRun;
  if (!ParseContext::spend(stepsLeft, costOf(order)))
    return NoConstant::TooCostly;
  auto interpreter =
      Interpreter::create({&e, 1}, {}, {}, Interpreter::Mode::F32);
  if (!interpreter)
    return NoConstant::DependsOnRun;
  return toScalar(interpreter->evaluate(Bindings())[0]);
}
