//===- LowerForwards.cpp - Each attn.forward of a module ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Target/Common/LowerForwards.h"

using namespace mlir;

namespace attnjit::codegen {

static AttentionSpec specOf(attn::ForwardOp forward) {
  AttentionSpec spec;
  spec.D = forward.getD();
  spec.Dv = forward.getDv();
  Type dtype = forward.getDtype();
  spec.dtype = dtype.isF16()    ? DType::F16
               : dtype.isBF16() ? DType::BF16
                                : DType::F32;
  spec.maskTensor = forward.getMaskTensor();
  spec.dropout = forward.getDropout();
  return spec;
}

LogicalResult lowerForwards(ModuleOp module, Entry entry, LowerForward lower) {
  for (auto forward :
       llvm::make_early_inc_range(module.getOps<attn::ForwardOp>())) {
    if (entry == Entry::Decode && forward.getTwoPass())
      return forward.emitError("needs two passes over the keys, which the "
                               "decode entry point does not make");
    if (failed(lower(forward, specOf(forward))))
      return failure();
    forward.erase();
  }
  return success();
}

} // namespace attnjit::codegen
