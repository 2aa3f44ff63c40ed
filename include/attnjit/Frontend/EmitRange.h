//===- EmitRange.h - Bounds on boxes of captured buffers --------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes what an attn.load_range asks for and the ends of its box; gives a bound
// on the elements in it, in constant time: exact where the box is short, else
// from a summary of the buffer, else none at all.
//
// A summary holds, for each row of a buffer along one axis, the extremes of
// aligned blocks of 4, 8, 16, ... elements: those of the least elements, then
// those of the greatest, `padded / 2` of each, where `padded` is a power of two
// not below the axis' size. Blocks of 2^level elements begin at
// padded / 2 - padded / 2^(level - 1).
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_FRONTEND_EMITRANGE_H
#define ATTNJIT_FRONTEND_EMITRANGE_H

#include "attnjit/Frontend/ModEmitter.h"

#include <optional>

namespace attnjit {

/// Blocks of a summary have at least 2^kFirstSummaryLevel elements: what is
/// shorter is read from the buffer.
inline constexpr int kFirstSummaryLevel = 2;

/// The axis along which a summary of the buffer serves the operation: the last
/// one whose two ends differ; none where the box is one element.
std::optional<unsigned> summarizedAxis(attn::LoadRangeOp op);

/// What is asked of a box.
struct RangeRequest {
  attn::Reduction kind;
  /// By axis: whether the two ends may differ. The last one that does is that
  /// of the summary.
  llvm::SmallVector<bool, 4> spans;
  /// Declared not to decrease along the last axis.
  bool sorted = false;
};
RangeRequest rangeRequestOf(attn::LoadRangeOp op);

/// A bound on the elements of the box `ends`, scalars, as i32 or i1.
/// `summary` is that along the last axis that the box spans, or null; a sorted
/// buffer needs none along its last axis. Reads elements of the buffer and of
/// the summary alone.
mlir::Value emitBufferRange(mlir::OpBuilder &b, mlir::Location loc,
                            const BufferAccess &buffer,
                            const RangeSummary *summary,
                            const RangeRequest &request,
                            mlir::ArrayRef<mlir::Value> ends);

} // namespace attnjit

#endif // ATTNJIT_FRONTEND_EMITRANGE_H
