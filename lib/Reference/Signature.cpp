//===- Signature.cpp - What a mod's runs must be given --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Reference/Signature.h"

#include "attnjit/Expr/Visitor.h"

#include <algorithm>

using namespace attnjit;

static std::vector<Expr> hooksOf(const ModProgram &mod) {
  std::vector<Expr> hooks;
  for (const Expr &hook : {mod.score(), mod.mask(), mod.prob(), mod.sink()})
    if (hook)
      hooks.push_back(hook);
  return hooks;
}

KernelSignature attnjit::signatureOf(const ModProgram &mod,
                                     const AttentionSpec &spec) {
  KernelSignature signature;
  signature.D = spec.D;
  signature.Dv = spec.Dv;
  signature.dtype = spec.dtype;
  signature.maskTensor = spec.maskTensor;
  signature.dropout = spec.dropout;
  signature.softmax = mod.normalize() == Normalize::Softmax;
  signature.params = mod.params();
  signature.buffers = mod.buffers();
  signature.bufferAxisUse.resize(mod.buffers().size());

  std::vector<bool> paramUsed(mod.params().size());
  std::vector<bool> bufferUsed(mod.buffers().size());
  for (const Expr &node : topologicalOrder(hooksOf(mod))) {
    if (node->op() == Op::Param)
      paramUsed[mod.paramOrdinal(node->param().name)] = true;
    if (node->op() != Op::Load)
      continue;
    int buffer = mod.bufferOrdinal(node->buffer().name);
    bufferUsed[buffer] = true;
    for (size_t axis = 0; axis < node->operands().size(); ++axis) {
      KernelSignature::AxisUse &use = signature.bufferAxisUse[buffer][axis];
      use.byQ |= node->operand(axis) == Expr::var(Var::Q);
      use.byKv |= node->operand(axis) == Expr::var(Var::Kv);
    }
  }
  for (size_t i = 0; i < paramUsed.size(); ++i)
    if (paramUsed[i])
      signature.paramSource.push_back(static_cast<int>(i));
  for (size_t i = 0; i < bufferUsed.size(); ++i)
    if (bufferUsed[i])
      signature.bufferSource.push_back(static_cast<int>(i));
  return signature;
}
