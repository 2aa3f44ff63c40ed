//===- SimplifyRules.h - The rewrite rules of the simplifier --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gives the rules, in the order in which they are tried. SimplifyTest checks
// each of them against the Interpreter.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_SIMPLIFYRULES_H
#define ATTNJIT_LIB_EXPR_SIMPLIFYRULES_H

#include "SimplifyPattern.h"

#include <span>

namespace attnjit {

/// All rules, as they are written.
std::span<const Rule> simplifyRules();

/// The rules for expressions whose root is `op`, in all their commutative
/// orders.
std::span<const Rule> simplifyRulesOf(Op op);

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_SIMPLIFYRULES_H
