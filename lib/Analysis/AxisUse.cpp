//===- AxisUse.cpp - Which buffer axes positions subscript ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/AxisUse.h"

#include "attnjit/Analysis/Contradiction.h"
#include "attnjit/Expr/Visitor.h"

#include <algorithm>

namespace attnjit {

std::vector<std::array<AxisUse, kMaxBufferRank>>
computeAxisUse(const ModProgram &mod) {
  std::vector<std::array<AxisUse, kMaxBufferRank>> uses(mod.buffers().size());
  std::vector<Expr> hooks;
  for (const Expr &hook : {mod.score(), mod.mask(), mod.prob(), mod.sink()})
    if (hook)
      hooks.push_back(hook);
  for (const Expr &node : topologicalOrder(hooks)) {
    if (node->op() != Op::Load)
      continue;
    auto &axes = uses[mod.bufferOrdinal(node->buffer().name)];
    for (size_t axis = 0; axis < node->operands().size(); ++axis) {
      axes[axis].byQ |= node->operand(axis) == Expr::var(Var::Q);
      axes[axis].byKv |= node->operand(axis) == Expr::var(Var::Kv);
    }
  }
  return uses;
}

unsigned provenAxes(const Expr &load) {
  unsigned proven = 0;
  for (size_t axis = 0; axis < load->operands().size(); ++axis) {
    const Dim &dim = load->buffer().dims[axis];
    if (dim.kind == Dim::Kind::Any)
      continue;
    const Expr &subscript = load->operand(axis);
    // Most subscripts are positions, which are never proven.
    if (subscript->op() == Op::Var && subscript->var() != Var::KvH)
      continue;
    const Expr extent = dim.kind == Dim::Kind::Fixed
                            ? Expr::i32(static_cast<int32_t>(
                                  std::min<int64_t>(dim.extent, INT32_MAX)))
                            : Expr::size(dim.size);
    const Expr outside =
        Expr::make(Op::Or, {Expr::make(Op::Lt, {subscript, Expr::i32(0)}),
                            Expr::make(Op::Ge, {subscript, extent})});
    if (isContradiction(outside, Positions::Lanes))
      proven |= 1u << axis;
  }
  return proven;
}

} // namespace attnjit
