//===- EmitMath.h - Code for the functions of the language ------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes values of type T or vector<NxT>, any N; gives arith, vector, scf and
// llvm-intrinsic operations at the builder's insertion point that compute a
// function of them, lane by lane.
//
// What holds for all of them:
//  1. Total: no trap, no poison, no libm call. Special cases are those of C's
//     math.h; docs/numerics.md states each function's largest error.
//  2. Strict: no fast-math flags, explicit fma only. A lane's result depends
//     on that lane's operands alone, and a vector's lanes have the same bits
//     as the scalar form (NaN payloads aside).
//  3. Straight-line, but for sin and cos, which branch when some lane's
//     |x| >= 2^48.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_FRONTEND_EMITMATH_H
#define ATTNJIT_FRONTEND_EMITMATH_H

#include "attnjit/Expr/Expr.h"

#include "mlir/IR/Builders.h"

namespace attnjit {

/// `op` of `x`:
///   f32 -> f32: Exp Exp2 Log Log2 Sqrt Rsqrt Tanh Sigmoid Erf Sin Cos Gelu
///               Relu Floor Ceil Trunc Round Abs Sign
///   i32 or i64, same type: Abs (the smallest integer is its own) Sign
///   f32 -> i32 ToI32: truncates, saturates, NaN gives 0
///   i64 -> i32 ToI32: saturates
mlir::Value emitUnary(mlir::OpBuilder &b, mlir::Location loc, Op op,
                      mlir::Value x);

/// `op` of `x` and `y`, which have one type:
///   f32: Pow, and Min, Max (NaN if either is NaN, -0 < +0)
///   i32 or i64: Min Max, FloorDiv Mod (0 for a divisor 0, wrapping for the
///               smallest integer by -1), Shl Shr (count modulo the width)
/// A constant operand, broadcast or not, selects a cheaper exact form.
mlir::Value emitBinary(mlir::OpBuilder &b, mlir::Location loc, Op op,
                       mlir::Value x, mlir::Value y);

/// 2^x for the softmax, in 12 vector instructions: relative error 2e-7 for
/// x in [-126, 127.5), exactly 1 at 0, exactly 0 below -126 (so also for
/// -inf), NaN for NaN. Larger x are the caller's to exclude.
mlir::Value emitSoftmaxExp2(mlir::OpBuilder &b, mlir::Location loc,
                            mlir::Value x);

} // namespace attnjit

#endif // ATTNJIT_FRONTEND_EMITMATH_H
