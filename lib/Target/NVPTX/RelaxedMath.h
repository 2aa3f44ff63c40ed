//===- RelaxedMath.h - Functions of scores on a GPU -------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions of f32 by the special function unit, for values that depend on a
// score or a probability: a few ulp, denormals may become 0. Special cases are
// those of C's math.h. What else a mod computes stays strict (EmitMath.h).
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_NVPTX_RELAXEDMATH_H
#define ATTNJIT_LIB_TARGET_NVPTX_RELAXEDMATH_H

#include "GpuIr.h"
#include "attnjit/Expr/Expr.h"

namespace attnjit::nvptx {

/// `op` of f32 operands, or null where the strict form is to be taken. With the
/// errors that PTX states for ex2.approx and rcp.approx (2 ulp, 1 ulp),
/// relative errors are at most, for results that are normal numbers:
///   Exp            2^-22 (1 + |x| / 2)
///   Tanh           2^-21
///   Sigmoid        2^-21 (1 + |x| / 2)
///   Rsqrt          2^-22
///   Div            2^-22
/// Add, Sub and Mul may be contracted.
mlir::Value emitRelaxed(GpuIr &ir, Op op, mlir::ValueRange operands);

} // namespace attnjit::nvptx

#endif // ATTNJIT_LIB_TARGET_NVPTX_RELAXEDMATH_H
