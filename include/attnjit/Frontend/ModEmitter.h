//===- ModEmitter.h - A mod's region as target code -------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a region of `attn.forward` and values for its positions; gives arith,
// vector and llvm operations at the builder's insertion point. Positions bound
// to scalars make uniform values; those bound to vector<Nxi32> make varying
// ones, one lane a pair. An operation is emitted on vectors only if an operand
// is one.
//
// An emitter remembers what it has emitted. So hoisting is a matter of when
// positions become known: bind what an outer loop knows, call `emitReady`
// there, copy the emitter, bind the rest inside.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_FRONTEND_MODEMITTER_H
#define ATTNJIT_FRONTEND_MODEMITTER_H

#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Expr/Expr.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <functional>

namespace attnjit {

/// How emitted code reads one captured buffer. Axes past its rank are unused.
/// An empty buffer is described as one zero element.
struct BufferAccess {
  mlir::Value base;   ///< !llvm.ptr
  mlir::Type element; ///< of the tensor type: f32, f16, bf16, i32, i64, ...
  llvm::SmallVector<mlir::Value, 4> last;   ///< i32: largest valid subscript
  llvm::SmallVector<mlir::Value, 4> stride; ///< i64, in elements
};

/// Extremes of the blocks of a buffer along one axis; EmitRange.h has the
/// layout.
struct RangeSummary {
  mlir::Value data; ///< !llvm.ptr to i32; null at run time where there is none
  mlir::Value padded; ///< i64
};

/// Run-time values that a mod may read, the same at every position.
struct CaptureAccess {
  llvm::SmallVector<mlir::Value> params; ///< by ordinal, in their own type
  llvm::SmallVector<BufferAccess> buffers;
  std::array<mlir::Value, 8> extents; ///< i32, by attn::Extent
  /// By ordinal of the buffer and axis; where there is none, long ranges of the
  /// buffer have no bound.
  llvm::DenseMap<std::pair<unsigned, unsigned>, RangeSummary> summaries;
};

class ModEmitter {
public:
  /// `captures` must outlive the emitter and its copies.
  ModEmitter(mlir::OpBuilder &builder, mlir::Location loc,
             const CaptureAccess &captures)
      : b(builder), loc(loc), captures(&captures) {}

  /// Gives a target's own code for a function of f32, or null where it has
  /// none.
  using RelaxedFunctions =
      std::function<mlir::Value(Op op, mlir::ValueRange operands)>;

  /// From now on, what depends on a region's argument (a score, a probability)
  /// takes its functions from there: unlike all else, it need not be the same
  /// on every target.
  void relax(RelaxedFunctions functions) { relaxed = std::move(functions); }

  /// Makes a position known: i32, or vector<Nxi32> of lanes.
  void bind(attn::Position position, mlir::Value value) {
    positions[static_cast<size_t>(position)] = value;
  }

  /// Makes a position known whose lanes are consecutive, as far as the emitter
  /// knows: first, first + 1, ... Loads whose subscript follows it then ask at
  /// run time whether its lanes are consecutive and, if so, read them at once.
  /// So lanes may differ (be clamped at an end) at the price of speed alone.
  void bindConsecutive(attn::Position position, mlir::Value value) {
    bind(position, value);
    steps[value] = 1;
  }

  /// Makes a value of a region known: its argument, or an operation's result
  /// that was computed before and kept. A scalar or a vector of its type.
  void bind(mlir::Value inRegion, mlir::Value value) {
    values[inRegion] = value;
  }

  /// Makes known what `other` knows: of two emitters that began as copies of
  /// one and have learnt of different positions since, gives one that has
  /// emitted what either has.
  void adopt(const ModEmitter &other);

  /// Emits every operation of the region that depends on known values alone.
  void emitReady(mlir::Region &region);

  /// Emits what is left of the region; gives the values that it yields.
  llvm::SmallVector<mlir::Value> emit(mlir::Region &region);

  /// Emits what a region's value, result of an operation of its block, still
  /// needs; gives the value.
  mlir::Value emit(mlir::Value inRegion);

  /// What is worth keeping of the vectors that are known when the rest of the
  /// region is to be emitted elsewhere, with the same positions known: values
  /// of the region, in its order, that operations not emitted yet or the end
  /// of the region use. Positions are left out, and short sums with one, which
  /// are cheap and whose lanes loads should know to be consecutive. So is what
  /// only `others` need, results that will be bound by then.
  llvm::SmallVector<mlir::Value> worthKeeping(mlir::Region &region,
                                              mlir::ValueRange others) const;

  /// The value of what is known; null of what is not.
  mlir::Value lookup(mlir::Value inRegion) const {
    return values.lookup(inRegion);
  }

private:
  using ValueSet = llvm::DenseSet<mlir::Value>;

  ValueSet usedBy(mlir::Block &block, mlir::ValueRange results,
                  mlir::ValueRange others = {}) const;
  bool isReady(mlir::Operation &op) const;
  mlir::Value emitOp(mlir::Operation &op);
  mlir::Value emitConstant(attn::ConstantOp op);
  mlir::Value emitApply(attn::ApplyOp op);
  bool dependsOnArgument(attn::ApplyOp op) const;
  int stepOf(attn::Fn fn, mlir::ValueRange operands) const;
  mlir::Value emitLoad(attn::LoadOp op);
  mlir::Value emitLoadRange(attn::LoadRangeOp op);
  mlir::Value emitReduce(attn::ReduceOp op);
  bool isVarying(mlir::Region &region) const;
  void emitBlock(mlir::Block &block, mlir::ValueRange results, bool readyOnly);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const CaptureAccess *captures;
  std::array<mlir::Value, attn::getMaxEnumValForPosition() + 1> positions = {};
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  RelaxedFunctions relaxed;
  /// Values of regions that depend on an argument, as far as they are emitted.
  llvm::DenseSet<mlir::Value> ofArguments;
  /// By emitted vector: 1 or -1 where lanes probably rise or fall by that.
  llvm::DenseMap<mlir::Value, int> steps;
};

} // namespace attnjit

#endif // ATTNJIT_FRONTEND_MODEMITTER_H
