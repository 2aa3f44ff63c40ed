//===- AxisUse.cpp - Which buffer axes positions subscript ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/AxisUse.h"

#include "attnjit/Expr/Visitor.h"

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

} // namespace attnjit
