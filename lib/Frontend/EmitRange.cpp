//===- EmitRange.cpp - Bounds on boxes of captured buffers ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The last axis that varies is the row of the box; those before it are walked
// in loops, up to kMostRows rows. Of a row, four loads give the bound: of
// elements, or of four neighbouring blocks that cover it. A row that is
// declared sorted is bounded by its ends.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Frontend/EmitRange.h"

#include "attnjit/Frontend/EmitLoad.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace attnjit {

namespace {
using mlir::Type;
using mlir::Value;

/// Neighbours that one look-up combines.
constexpr int kNeighbours = 4;
/// A box of more rows than this has no bound: deciding a tile must stay cheap.
constexpr int kMostRows = 16;

std::optional<unsigned> lastSpanned(const RangeRequest &request) {
  for (unsigned axis = request.spans.size(); axis-- > 0;)
    if (request.spans[axis])
      return axis;
  return std::nullopt;
}

/// Emits one operation; bundles what every step needs.
class RangeEmitter {
public:
  RangeEmitter(OpBuilder &builder, Location loc, const BufferAccess &buffer,
               const RangeSummary *summary, const RangeRequest &request)
      : b(builder), loc(loc), buffer(buffer), summary(summary),
        request(request) {}

  Value emit(ArrayRef<Value> ends) {
    rowAxis = lastSpanned(request);
    for (size_t axis = 0; axis < buffer.last.size(); ++axis) {
      lo.push_back(clamp(ends[2 * axis], buffer.last[axis]));
      Value end = clamp(ends[2 * axis + 1], buffer.last[axis]);
      hi.push_back(varies(axis) ? max(lo.back(), end) : lo.back());
    }
    if (!rowAxis)
      return load(lo);
    SmallVector<size_t> outer;
    for (size_t axis = 0; axis < *rowAxis; ++axis)
      if (varies(axis))
        outer.push_back(axis);
    SmallVector<Value> at = lo;
    if (outer.empty())
      return emitRow(at);
    // The product of the spans is small where each is.
    Value narrow = constantBool(true);
    for (size_t axis : outer)
      narrow = arith::AndIOp::create(
          b, loc, narrow,
          compare(arith::CmpIPredicate::slt, sub(hi[axis], lo[axis]),
                  i32(outer.size() == 1 ? kMostRows : kNeighbours)));
    return branch(
        narrow, [&] { return emitRows(outer, at); }, [&] { return hull(); });
  }

private:
  bool varies(size_t axis) { return request.spans[axis]; }
  bool isLogical() {
    return request.kind == attn::Reduction::Any ||
           request.kind == attn::Reduction::All;
  }
  bool wantsLeast() {
    return request.kind == attn::Reduction::Min ||
           request.kind == attn::Reduction::All;
  }

  /// The rows of the axes `outer`, with all other subscripts in `at`.
  Value emitRows(ArrayRef<size_t> outer, SmallVectorImpl<Value> &at) {
    if (outer.empty())
      return emitRow(at);
    size_t axis = outer.front();
    Value end = arith::AddIOp::create(b, loc, hi[axis], i32(1));
    auto loop = scf::ForOp::create(b, loc, lo[axis], end, i32(1), identity());
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    at[axis] = loop.getInductionVar();
    Value row = emitRows(outer.drop_front(), at);
    scf::YieldOp::create(b, loc, combine(loop.getRegionIterArg(0), row));
    return loop.getResult(0);
  }

  /// The row through `at`.
  Value emitRow(SmallVectorImpl<Value> &at) {
    Value first = lo[*rowAxis], last = hi[*rowAxis];
    if (isSorted()) {
      at[*rowAxis] = wantsLeast() ? first : last;
      return load(at);
    }
    Value span = sub(last, first);
    Value isShort = compare(arith::CmpIPredicate::slt, span, i32(kNeighbours));
    return branch(
        isShort,
        [&] {
          Value result;
          for (int i = 0; i < kNeighbours; ++i) {
            Value next = arith::AddIOp::create(b, loc, first, i32(i));
            at[*rowAxis] = arith::MinSIOp::create(b, loc, next, last);
            Value element = load(at);
            result = i ? combine(result, element) : element;
          }
          return result;
        },
        [&] {
          if (!summary)
            return hull();
          Value null = LLVM::ZeroOp::create(b, loc, summary->data.getType());
          Value present = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne,
                                               summary->data, null);
          return branch(
              present, [&] { return lookUp(at, first, last, span); },
              [&] { return hull(); });
        });
  }

  /// Whether the row is declared not to decrease.
  bool isSorted() {
    return request.sorted && *rowAxis + 1 == buffer.last.size();
  }

  /// From the blocks, at most four, that cover first..last: on the lowest level
  /// where so few do. `span` is their distance, 4 or more.
  Value lookUp(ArrayRef<Value> at, Value first, Value last, Value span) {
    // With 2^(bits - 1) <= span < 2^bits, blocks of 2^(bits - 2) elements are
    // four or five.
    Value zeros = LLVM::CountLeadingZerosOp::create(
        b, loc, b.getI32Type(), span, /*is_zero_poison=*/false);
    Value level = max(sub(i32(30), zeros), i32(kFirstSummaryLevel));
    auto blockOf = [&](Value i) -> Value {
      return arith::ShRUIOp::create(b, loc, i, level);
    };
    Value five =
        compare(arith::CmpIPredicate::sgt, sub(blockOf(last), blockOf(first)),
                i32(kNeighbours - 1));
    level = arith::AddIOp::create(
        b, loc, level, arith::ExtUIOp::create(b, loc, b.getI32Type(), five));

    Value row = i64(0);
    for (size_t axis = 0; axis < at.size(); ++axis) {
      if (axis == *rowAxis)
        continue;
      Value size = add64(wide(buffer.last[axis]), i64(1));
      row = add64(arith::MulIOp::create(b, loc, row, size), wide(at[axis]));
    }
    Value half = arith::ShRUIOp::create(b, loc, summary->padded, i64(1));
    Value before = arith::ShRUIOp::create(
        b, loc, summary->padded,
        arith::SubIOp::create(b, loc, wide(level), i64(1)));
    Value base = arith::SubIOp::create(b, loc, half, before);
    base = add64(base, arith::MulIOp::create(b, loc, row, summary->padded));
    if (!wantsLeast())
      base = add64(base, half);

    Value block = blockOf(first), lastBlock = blockOf(last), result;
    for (int i = 0; i < kNeighbours; ++i) {
      Value next = arith::AddIOp::create(b, loc, block, i32(i));
      next = arith::MinSIOp::create(b, loc, next, lastBlock);
      Value address =
          LLVM::GEPOp::create(b, loc, summary->data.getType(), b.getI32Type(),
                              summary->data, add64(base, wide(next)));
      Value entry = LLVM::LoadOp::create(b, loc, b.getI32Type(), address, 4);
      if (isLogical())
        entry = compare(arith::CmpIPredicate::ne, entry, i32(0));
      result = i ? combine(result, entry) : entry;
    }
    return result;
  }

  Value load(ArrayRef<Value> at) {
    SmallVector<int> steps(at.size(), 0);
    return emitBufferLoad(b, loc, buffer, at, steps);
  }

  Value combine(Value x, Value y) {
    switch (request.kind) {
    case attn::Reduction::Any:
      return arith::OrIOp::create(b, loc, x, y);
    case attn::Reduction::All:
      return arith::AndIOp::create(b, loc, x, y);
    case attn::Reduction::Min:
      return arith::MinSIOp::create(b, loc, x, y);
    default:
      return max(x, y);
    }
  }

  /// What changes nothing in `combine`.
  Value identity() { return extreme(!wantsLeast()); }
  /// What bounds every element.
  Value hull() { return extreme(wantsLeast()); }
  Value extreme(bool least) {
    if (isLogical())
      return constantBool(!least);
    return i32(least ? std::numeric_limits<int32_t>::min()
                     : std::numeric_limits<int32_t>::max());
  }

  Value clamp(Value subscript, Value last) {
    return arith::MinSIOp::create(b, loc, max(subscript, i32(0)), last);
  }
  Value max(Value x, Value y) { return arith::MaxSIOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value add64(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value wide(Value x) {
    return arith::ExtSIOp::create(b, loc, b.getI64Type(), x);
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, predicate, x, y);
  }
  Value constantBool(bool value) {
    return arith::ConstantOp::create(b, loc, b.getBoolAttr(value));
  }
  Value i32(int32_t value) {
    return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value));
  }
  Value i64(int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  }

  Value branch(Value condition, function_ref<Value()> then,
               function_ref<Value()> otherwise) {
    auto made = scf::IfOp::create(
        b, loc, isLogical() ? b.getI1Type() : b.getI32Type(), condition,
        /*withElseRegion=*/true);
    auto fill = [&](Block *block, function_ref<Value()> emit) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(block);
      scf::YieldOp::create(b, loc, emit());
    };
    fill(made.thenBlock(), then);
    fill(made.elseBlock(), otherwise);
    return made.getResult(0);
  }

  OpBuilder &b;
  Location loc;
  const BufferAccess &buffer;
  const RangeSummary *summary;
  const RangeRequest &request;
  std::optional<unsigned> rowAxis;
  SmallVector<Value> lo, hi; ///< of the box, inside the buffer
};
} // namespace

RangeRequest rangeRequestOf(attn::LoadRangeOp op) {
  RangeRequest request = {op.getKind(), {}, op.getSorted()};
  ValueRange ends = op.getEnds();
  for (size_t axis = 0; axis < ends.size() / 2; ++axis)
    request.spans.push_back(ends[2 * axis] != ends[2 * axis + 1]);
  return request;
}

std::optional<unsigned> summarizedAxis(attn::LoadRangeOp op) {
  return lastSpanned(rangeRequestOf(op));
}

mlir::Value emitBufferRange(OpBuilder &b, Location loc,
                            const BufferAccess &buffer,
                            const RangeSummary *summary,
                            const RangeRequest &request,
                            ArrayRef<mlir::Value> ends) {
  return RangeEmitter(b, loc, buffer, summary, request).emit(ends);
}

} // namespace attnjit
