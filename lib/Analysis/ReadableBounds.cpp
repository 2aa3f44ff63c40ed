//===- ReadableBounds.cpp - Bounds as people would write them -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/ReadableBounds.h"

#include "Interval.h"

#include "attnjit/Expr/Simplify.h"
#include "attnjit/Expr/Visitor.h"

using namespace attnjit;

/// What `fit` puts in place of a bound that leaves i32.
static bool isEndOfI32(const Expr &e) {
  return e == Expr::i64(interval::kI32Min) || e == Expr::i64(interval::kI32Max);
}

static Expr readableNode(const Expr &node, std::span<const Expr> operands) {
  if (node->op() == Op::Const && node->type() == Type::I64) {
    const int64_t value = node->constant().asI64();
    const bool fits = value >= interval::kI32Min && value <= interval::kI32Max;
    return fits ? Expr::i32(static_cast<int32_t>(value)) : node;
  }
  if (node->op() == Op::ToI64)
    return operands[0];
  if (node->op() == Op::Where && node->type() == Type::I64 &&
      isEndOfI32(node->operand(2)))
    return operands[1];
  return isOperator(node->op()) ? Expr::make(node->op(), operands)
                                : rebuild(node, operands);
}

Expr attnjit::readableBound(const Expr &bound) {
  const Expr readable = transform(bound, readableNode);
  // A constant past i32 does not go with what has become i32.
  return readable->op() == Op::Invalid ? bound : simplify(readable);
}
