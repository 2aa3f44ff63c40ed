//===- Transfer.h - What each operation does to intervals -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One transfer function per operation of the language: takes a node and what
// is known of its operands over a tile, gives what is known of the node. Every
// function is sound for all i32 operands, wrap-around included; the comment at
// each says where it is exact (the hull of the attained values, operands
// taken as independent).
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ANALYSIS_TRANSFER_H
#define ATTNJIT_LIB_ANALYSIS_TRANSFER_H

#include "Interval.h"

#include <span>

namespace attnjit::interval {

/// An i32 operation on i32 operands; every i32 where there is no rule.
Interval transfer(const ExprNode &node, std::span<const Interval> operands);

/// `op` is Lt, Le, Gt, Ge, Eq or Ne.
Truth transferComparison(Op op, const Interval &a, const Interval &b);

/// What any element of a buffer lies in: the range of its element type, or the
/// one that its declaration gives.
Interval rangeOfElements(const BufferDecl &buffer);

/// A Sum of `steps` values that all lie in `body`.
Interval transferSum(const Interval &body, int64_t steps);

/// Of `kind` (Sum, Min or Max), one more step of an unrolled reduction.
Interval transferStep(ReduceKind kind, const Interval &a, const Interval &b);

} // namespace attnjit::interval

#endif // ATTNJIT_LIB_ANALYSIS_TRANSFER_H
