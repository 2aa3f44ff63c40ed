//===- KernelInputs.h - The ABI struct as values ----------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loads what a kernel needs of AttnJitKernelArgs at its entry.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_COMMON_KERNELINPUTS_H
#define ATTNJIT_TARGET_COMMON_KERNELINPUTS_H

#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Frontend/ModEmitter.h"
#include "attnjit/Target/Common/Ir.h"

namespace attnjit::codegen {

/// A tensor of the ABI: its address and strides in elements.
struct TensorInput {
  mlir::Value data;
  std::array<mlir::Value, 4> stride;

  /// Address of (b, head, 0, 0), where elements have type `element`.
  mlir::Value headBase(Ir &ir, mlir::Type element, mlir::Value b,
                       mlir::Value head) const;
};

/// Partial results of work items.
struct PartialInput {
  mlir::Value data, stride;

  /// Address of row 0 of a work item.
  mlir::Value of(Ir &ir, mlir::Value item) const;
};

/// How the keys of a row are shared out among work items.
struct SplitInputs {
  mlir::Value keys;     ///< of one split
  mlir::Value arrivals; ///< i32 counters
  PartialInput out, m, l;
};

/// A per-batch i32 of the ABI.
struct PerBatchInput {
  mlir::Value data, stride;
};

/// What decides which weights dropout keeps; scalars, words i32. Null where
/// the kernel has no dropout.
struct DropoutInput {
  mlir::Value threshold;          ///< a weight is kept from this word on
  std::array<mlir::Value, 2> key; ///< of Philox
  mlir::Value counter;            ///< the last word of Philox's counter
  mlir::Value scale;              ///< f32, 1 / (1 - rate)
};

/// Where captured values lie: where the struct points to (in host memory), or
/// behind it: buffers, params, summaries (in the parameters of a GPU kernel).
enum class Captured { Elsewhere, Behind };

/// Rows of the table of summaries that a kernel reads.
int64_t summaryRows(attn::ForwardOp forward);

struct KernelInputs {
  TensorInput q, k, v, out, lse, mask;
  /// Of the mask tensor along the keys, where it is broadcast over queries.
  RangeSummary maskSummary;
  mlir::Value B, Hq, Hkv, Sq, Skv, HqGlobal;
  mlir::Value bOffset, hOffset;
  PerBatchInput qOffset, kvOffset;
  mlir::Value scale;
  DropoutInput dropout;
  mlir::Value workspace, workBegin, workEnd;
  mlir::Value itemCosts;   ///< i32 by work item
  mlir::Value itemQueries; ///< i64; of prefill on a CPU
  SplitInputs splits;
  /// What the mod reads; zeros back empty buffers.
  CaptureAccess captures;

  /// Emits the loads. `args` is the kernel's argument; `zeros` the address of
  /// 64 zero bytes.
  static KernelInputs load(Ir &ir, attn::ForwardOp forward, mlir::Value args,
                           Captured captured, mlir::Value zeros);

  /// The workspace of the call.
  static mlir::Value loadWorkspace(Ir &ir, mlir::Value args);
};

/// Makes the corners of a tile known: of its queries, of its keys. `first` and
/// `last` are local rows, i64; `offset` is added to give positions, i32.
void bindQueryCorners(Ir &ir, ModEmitter &mods, mlir::Value first,
                      mlir::Value last, mlir::Value offset);
void bindKeyCorners(Ir &ir, ModEmitter &mods, mlir::Value first,
                    mlir::Value last, mlir::Value offset);

/// The value for batch entry `b` (i64), as i32.
mlir::Value loadPerBatch(Ir &ir, const PerBatchInput &input, mlir::Value b);

} // namespace attnjit::codegen

#endif // ATTNJIT_TARGET_COMMON_KERNELINPUTS_H
