//===- EmitLoad.h - Loads of captured buffers -------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Emits clamped loads that read exactly their elements.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_FRONTEND_EMITLOAD_H
#define ATTNJIT_FRONTEND_EMITLOAD_H

#include "attnjit/Frontend/ModEmitter.h"

namespace attnjit {

/// The element at `subscripts` (i32 or vectors of i32, one per axis), as f32,
/// i32 or i1; one load per lane where a subscript is a vector.
///
/// `steps` says of each subscript how its lanes probably go on: 1 or -1, or 0
/// where nothing is known. Where one subscript alone is a vector and has a
/// step, its lanes are compared at run time: consecutive elements take one
/// load, equal ones one element.
///
/// Bit n of `inBounds` promises that subscript n lies inside: it is not
/// clamped.
mlir::Value emitBufferLoad(mlir::OpBuilder &b, mlir::Location loc,
                           const BufferAccess &buffer,
                           mlir::ArrayRef<mlir::Value> subscripts,
                           mlir::ArrayRef<int> steps, unsigned inBounds = 0);

/// What the axes with a subscript add to an element's offset, in elements: i64,
/// or a vector of i64 where a subscript is a vector. Axes whose subscript is
/// null add nothing. Subscripts are clamped.
mlir::Value emitBufferOffset(mlir::OpBuilder &b, mlir::Location loc,
                             const BufferAccess &buffer,
                             mlir::ArrayRef<mlir::Value> subscripts);

/// The type that memory holds of a buffer: bf16 as i16, integers without
/// signedness.
mlir::Type storageTypeOf(const BufferAccess &buffer);

/// What a load gives of elements in that type, scalars or vectors: f32, i32 or
/// i1.
mlir::Value emitFromStorage(mlir::OpBuilder &b, mlir::Location loc,
                            const BufferAccess &buffer, mlir::Value raw);

} // namespace attnjit

#endif // ATTNJIT_FRONTEND_EMITLOAD_H
