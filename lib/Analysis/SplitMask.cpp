//===- SplitMask.cpp - Masks written as scores of -inf --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/SplitMask.h"

#include <limits>

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

ModProgram inferMask(const ModProgram &mod) {
  SplitScore split = splitMask(mod.score());
  if (!split.mask)
    return mod;
  ModParts parts;
  parts.name = mod.name();
  parts.score = split.score;
  parts.mask =
      mod.mask() ? Expr::make(Op::And, {mod.mask(), split.mask}) : split.mask;
  parts.prob = mod.prob();
  parts.sink = mod.sink();
  parts.normalize = mod.normalize();
  // Captures keep their ordinals, by which compiled code reads them.
  parts.params = mod.params();
  parts.buffers = mod.buffers();
  auto inferred = ModProgram::create(std::move(parts));
  return inferred ? *inferred : mod;
}

} // namespace attnjit
