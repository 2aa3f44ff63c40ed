//===- SplitMask.cpp - Masks written as scores of -inf --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/SplitMask.h"

#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

namespace attnjit {

namespace {

bool isMinusInfinity(const Expr &e) {
  return e == Expr::f32(-std::numeric_limits<float>::infinity());
}

/// The condition under which `score`, a where, keeps a pair; null where the
/// form does not fit.
Expr keptWhen(const Expr &score) {
  const Expr &condition = score->operand(0);
  if (condition->dependsOn(Var::Score) || condition->dependsOn(Var::Prob))
    return {};
  if (isMinusInfinity(score->operand(2)))
    return condition;
  if (isMinusInfinity(score->operand(1)))
    return Expr::make(Op::Not, {condition});
  return {};
}

} // namespace

SplitScore splitMask(const Expr &score) {
  SplitScore result = {{}, score};
  while (result.score && result.score->op() == Op::Where) {
    Expr kept = keptWhen(result.score);
    if (!kept)
      break;
    Expr mask = result.mask ? Expr::make(Op::And, {result.mask, kept}) : kept;
    // A join past the depth limit is Invalid; what is left stays a score.
    if (mask->op() == Op::Invalid)
      break;
    result.mask = mask;
    bool keepsFirst = isMinusInfinity(result.score->operand(2));
    result.score = result.score->operand(keepsFirst ? 1 : 2);
  }
  if (result.score == Expr::var(Var::Score))
    result.score = {};
  return result;
}

/// What |e| is at most for every |score| up to 2^60; none where it may be NaN
/// or infinite.
static std::optional<double> largestOf(const Expr &root) {
  constexpr double kMost = 0x1p120;
  std::unordered_map<Expr, std::optional<double>> known;
  auto of = [&](const Expr &e) -> std::optional<double> {
    auto operand = [&](size_t i) { return known.at(e->operand(i)); };
    auto both = [&](auto combine) -> std::optional<double> {
      if (!operand(0) || !operand(1))
        return std::nullopt;
      return combine(*operand(0), *operand(1));
    };
    if (e->type() != Type::F32)
      return 0x1p31;
    switch (e->op()) {
    case Op::Const:
      return std::fabs(e->constant().asF32());
    case Op::Var:
      return 0x1p60;
    case Op::ToF32:
      return operand(0);
    case Op::Neg:
    case Op::Abs:
    case Op::Relu:
      return operand(0);
    case Op::Tanh:
    case Op::Sigmoid:
      return operand(0) ? std::optional(1.0) : std::nullopt;
    case Op::Add:
    case Op::Sub:
      return both([](double x, double y) { return x + y; });
    case Op::Mul:
      return both([](double x, double y) { return x * y; });
    case Op::Min:
    case Op::Max:
      return both([](double x, double y) { return std::max(x, y); });
    case Op::Div: {
      const Expr &divisor = e->operand(1);
      if (divisor->op() != Op::Const || !operand(0) || !operand(1))
        return std::nullopt;
      return *operand(0) / *operand(1);
    }
    case Op::Where: {
      if (!operand(1) || !operand(2))
        return std::nullopt;
      return std::max(*operand(1), *operand(2));
    }
    default:
      // Loads and params may hold anything.
      return std::nullopt;
    }
  };
  for (const Expr &node : topologicalOrder({&root, 1})) {
    std::optional<double> largest = of(node);
    // Not below: NaN, of inf * 0, is no bound either.
    if (largest && !(*largest < kMost))
      largest = std::nullopt;
    known.emplace(node, largest);
  }
  return known.at(root);
}

Expr additiveMask(const Expr &score) {
  if (!score || score->op() != Op::Add)
    return {};
  for (size_t side : {0, 1}) {
    const Expr &where = score->operand(side);
    if (where->op() != Op::Where)
      continue;
    Expr kept = keptWhen(where);
    if (!kept)
      continue;
    const bool keepsFirst = isMinusInfinity(where->operand(2));
    const Expr &added = where->operand(keepsFirst ? 1 : 2);
    if (added->op() == Op::Const && added->constant().asF32() == 0 &&
        largestOf(score->operand(1 - side)))
      return kept;
  }
  return {};
}

ModProgram inferMask(const ModProgram &mod, FiniteScores scores) {
  SplitScore split = splitMask(mod.score());
  ModParts parts;
  parts.params = mod.params();
  Expr kept =
      scores == FiniteScores::Unknown ? Expr() : additiveMask(split.score);
  if (kept) {
    if (scores == FiniteScores::Tested) {
      parts.params.push_back({kFiniteScores, Type::Bool, std::nullopt});
      kept = Expr::make(
          Op::Or,
          {kept, Expr::make(Op::Not, {Expr::param(parts.params.back())})});
    }
    split.mask = split.mask ? Expr::make(Op::And, {split.mask, kept}) : kept;
  }
  if (!split.mask || split.mask->op() == Op::Invalid)
    return mod;
  parts.name = mod.name();
  parts.score = split.score;
  parts.mask =
      mod.mask() ? Expr::make(Op::And, {mod.mask(), split.mask}) : split.mask;
  parts.prob = mod.prob();
  parts.sink = mod.sink();
  parts.normalize = mod.normalize();
  // Captures keep their ordinals, by which compiled code reads them.
  parts.buffers = mod.buffers();
  auto inferred = ModProgram::create(std::move(parts));
  return inferred ? *inferred : mod;
}

} // namespace attnjit
