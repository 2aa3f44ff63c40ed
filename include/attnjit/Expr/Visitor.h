//===- Visitor.h - Walking and rewriting expression graphs ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each node of an expression is visited once, however often it is shared, and
// without recursion deeper than kMaxDepth.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_VISITOR_H
#define ATTNJIT_EXPR_VISITOR_H

#include "attnjit/Expr/Expr.h"

#include <functional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace attnjit {

/// The nodes of `roots` in an order in which operands come before their users,
/// each once. Deterministic: depth first, operands left to right.
std::vector<Expr> topologicalOrder(std::span<const Expr> roots);

/// Calls `rewrite(node, newOperands)` for each node, operands first, and gives
/// the replacement of `root`. `rewrite` returns the node's replacement;
/// `rebuild` below is the default.
Expr transform(
    const Expr &root,
    const std::function<Expr(const Expr &node, std::span<const Expr> operands)>
        &rewrite);

/// `node` with other operands; itself where they are the same. A Reduce keeps
/// its kind, range and variable.
Expr rebuild(const Expr &node, std::span<const Expr> operands);

/// Replaces every occurrence of each `first` by its `second`, simultaneously.
/// Score replacements must be f32 and positions i32, else the result is
/// Invalid. Bound reduction variables are never captured.
Expr substitute(const Expr &root,
                std::span<const std::pair<Expr, Expr>> replacements);

} // namespace attnjit

#endif // ATTNJIT_EXPR_VISITOR_H
