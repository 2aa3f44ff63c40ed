//===- Simplify.h - Rewriting expressions to simpler equal ones -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an expression, gives one with the same value for every input, bit for
// bit (NaN payloads aside): i32 wrap-around, signed zeros and NaN included. So
// the strict part of a mod stays strict.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_SIMPLIFY_H
#define ATTNJIT_EXPR_SIMPLIFY_H

#include "attnjit/Expr/Expr.h"

namespace attnjit {

/// Folds constants, orders commutative operands and applies the rules of
/// SimplifyRules until none fits. Null and Invalid stay as they are; a valid
/// expression never becomes Invalid.
/// Idempotent (but where so many reductions of one step share a body that
/// writing them out would exceed kMaxNodes). Linear in the number of distinct
/// nodes. The result depends on nothing but the structure of `root`.
Expr simplify(const Expr &root);

} // namespace attnjit

#endif // ATTNJIT_EXPR_SIMPLIFY_H
