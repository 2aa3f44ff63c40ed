//===- Evaluate.h - The value of one operation ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one definition of what each operation computes. Takes an operation and
// its operands' type; gives a total function on values. The Interpreter runs
// these functions, the simplifier folds constants with them.
//
// F32 functions compute in f64; the caller rounds the result to f32 where the
// node is a strict f32 node. For + - * / and sqrt that gives the correctly
// rounded f32 result: 53 bits are more than 2 * 24 + 1, so rounding twice
// equals rounding once, subnormal results included.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_EVALUATE_H
#define ATTNJIT_LIB_EXPR_EVALUATE_H

#include "attnjit/Expr/Expr.h"

#include <cstdint>
#include <optional>
#include <span>

namespace attnjit {

/// A value whose type is known from elsewhere. I32 is kept sign-extended in
/// `i`, Bool as 0 or 1.
union Slot {
  double f;
  int64_t i;
};

/// Value of an operation; operands past its arity are ignored.
using OpFunction = Slot (*)(Slot, Slot, Slot);

/// The function of `op` on operands of that type (for Where, the type of its
/// branches); null where the language has no such operation, and for leaves,
/// Load and Reduce.
OpFunction opFunction(Op op, Type operandType);

/// The operation that combines two steps of a reduction.
Op combiner(ReduceKind kind);

Slot toSlot(const Scalar &value);
/// The value as a constant; F32 is rounded, and every NaN becomes the one
/// positive quiet NaN, so that equal constants are equal nodes.
Scalar toScalar(Slot value, Type type);

/// `op` on constants, with a result of `resultType`; nothing for operations
/// that have no OpFunction.
std::optional<Scalar> evaluateOp(Op op, Type resultType,
                                 std::span<const Scalar> operands);

/// Nearest i32.
int32_t saturateToI32(int64_t value);

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_EVALUATE_H
