//===- Transpose.h - Rows into lanes and back -------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Private functions of a kernel module that transpose as many rows as there are
// lanes at a time, once each, called from every place that needs them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_CPU_TRANSPOSE_H
#define ATTNJIT_LIB_TARGET_CPU_TRANSPOSE_H

#include "Element.h"
#include "attnjit/Target/Common/Ir.h"

namespace attnjit::cpu {

/// Emits `pack(source, stride, first, last, destination, scale)`: for lane j,
/// row min(first + j, last) of `source` (D of `element`, `stride` of them
/// apart) times `scale` goes to destination[d * strip + j]. Reads no byte
/// beyond the D elements of a row.
mlir::LLVM::LLVMFuncOp emitPackRows(Ir &ir, llvm::StringRef name,
                                    Element element, int64_t D, int64_t strip);

/// Transposes a vector of 4 (f32 or i32) for each lane: lane j of vector i of
/// the result, one of four, is element i of rows[j].
Ir::Values transposeFours(Ir &ir, llvm::ArrayRef<Value> rows);

/// Emits `unpack(source, factors, destination)`: source[d * strip + j] times
/// factors[j], or 0 where that factor is 0, goes to destination[j * width + d],
/// for d below `width` (a multiple of the lanes).
mlir::LLVM::LLVMFuncOp emitUnpackRows(Ir &ir, llvm::StringRef name,
                                      int64_t width, int64_t strip);

} // namespace attnjit::cpu

#endif // ATTNJIT_LIB_TARGET_CPU_TRANSPOSE_H
