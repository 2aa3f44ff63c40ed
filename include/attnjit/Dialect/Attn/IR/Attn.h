//===- Attn.h - The attn dialect --------------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C++ classes of the dialect, generated from the .td files beside this one.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_DIALECT_ATTN_IR_ATTN_H
#define ATTNJIT_DIALECT_ATTN_IR_ATTN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "attnjit/Dialect/Attn/IR/AttnDialect.h.inc"

#include "attnjit/Dialect/Attn/IR/AttnEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "attnjit/Dialect/Attn/IR/AttnAttributes.h.inc"

#define GET_OP_CLASSES
#include "attnjit/Dialect/Attn/IR/AttnOps.h.inc"

#endif // ATTNJIT_DIALECT_ATTN_IR_ATTN_H
