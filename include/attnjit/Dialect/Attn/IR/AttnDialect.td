//===- AttnDialect.td - The attn dialect -----------------------*- tablegen -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_DIALECT_ATTN_IR_ATTNDIALECT_TD
#define ATTNJIT_DIALECT_ATTN_IR_ATTNDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"

def Attn_Dialect : Dialect {
  let name = "attn";
  let cppNamespace = "::attnjit::attn";
  let summary = "Attention variants, before a target has chosen loops";
  let description = [{
    One op, `attn.forward`, stands for a whole fused attention kernel. Its
    regions hold the mod: scalar programs over one (query, key) pair, written
    with the few total operations of the mod language. A target reads nothing
    but this op.
  }];
  let useDefaultAttributePrinterParser = 1;
}

#endif // ATTNJIT_DIALECT_ATTN_IR_ATTNDIALECT_TD
