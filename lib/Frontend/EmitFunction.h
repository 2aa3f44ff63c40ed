//===- EmitFunction.h - One operation of the language as code ---*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The values of the language's operations on scalars or vectors alike.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_FRONTEND_EMITFUNCTION_H
#define ATTNJIT_LIB_FRONTEND_EMITFUNCTION_H

#include "attnjit/Expr/Expr.h"

#include "mlir/IR/Builders.h"

namespace attnjit {

/// `op` of operands that are all scalars or all vectors of one length, with
/// the types that the dialect's verifier has admitted.
mlir::Value emitFunction(mlir::OpBuilder &b, mlir::Location loc, Op op,
                         mlir::ValueRange operands);

} // namespace attnjit

#endif // ATTNJIT_LIB_FRONTEND_EMITFUNCTION_H
