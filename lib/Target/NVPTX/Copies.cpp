//===- Copies.cpp - From global to shared memory in a GPU kernel ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The threads of a block copy a tile's rows in units of 16 bytes, neighbouring
// threads neighbouring units, by cp.async. Rows that do not begin at multiples
// of 16 bytes are copied element by element, which is slow, but right for any
// strides. What lies behind the end of a row or of the rows becomes zeros.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"
#include "OperationCount.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace attnjit::nvptx {

static constexpr int64_t kUnitBytes = 16;

/// Operations that ask which rows are wanted, of all rows that a thread copies,
/// from which on the copies are a loop. Those of a key condition that reduces
/// 32 elements, 1600 and more, took most of a kernel's code: there are two such
/// copies of a block of values, and neither is where time goes.
static constexpr int64_t kMostOperations = 800;

/// The address with the bits of `units`, i32, changed in the number of its unit
/// among the eight that lie together.
Value ForwardEmitter::exchangeUnits(Value address, Value units) {
  Value bits = LLVM::PtrToIntOp::create(ir.b, ir.loc, ir.i64(), address);
  bits = ir.bitXor(bits, ir.wide(ir.times(units, kUnitBytes)));
  return LLVM::IntToPtrOp::create(ir.b, ir.loc, ir.sharedPtr(), bits);
}

/// Of a unit of 16 bytes in a tile at `base`.
Value ForwardEmitter::unitAddress(Value base, const SharedRows &rows, Value row,
                                  Value unit) {
  if (rows.isSwizzled)
    unit = ir.bitXor(unit, ir.modulo(row, 8));
  return ir.offset(
      base, ir.add(ir.times(row, rows.pitch), ir.times(unit, kUnitBytes)));
}

/// So many bytes, whole units, behind `address` in its row. The number of its
/// unit has no bit in common with theirs.
Value ForwardEmitter::alongRow(Value address, const SharedRows &rows,
                               int64_t bytes) {
  if (!rows.isSwizzled)
    return ir.offset(address, bytes);
  const int64_t swizzled = bytes % SharedRows::kSwizzledBytes;
  if (swizzled)
    address = exchangeUnits(address, ir.cI32(int32_t(swizzled / kUnitBytes)));
  return ir.offset(address, bytes - swizzled);
}

/// Copies `count` rows from row `first` on to shared memory. A row at or behind
/// `end`, or not wanted (`isWanted` may be null), becomes zeros.
void ForwardEmitter::copyRows(const HeadRows &rows, Value first, Value end,
                              int64_t count, Value to, const SharedRows &layout,
                              function_ref<Value(Value row)> isWanted) {
  const int64_t unitElements = kUnitBytes / s.elementBytes;
  const int64_t units = layout.bytes / kUnitBytes;
  const int64_t unitThreads = llvm::PowerOf2Ceil(units);
  const int64_t rowsAtOnce = s.threads() / unitThreads;
  const int64_t turns = llvm::divideCeil(count, rowsAtOnce);

  Value row = ir.over(thread.index, unitThreads);
  Value unit = ir.modulo(thread.index, unitThreads);
  Value isActive = ir.lessThan(unit, units);
  Value elementsLeft =
      ir.sub(ir.cI32(int32_t(rows.size)), ir.times(unit, unitElements));
  Value bytes = ir.times(elementsLeft, s.elementBytes);
  bytes = ir.max(ir.min(bytes, ir.cI32(kUnitBytes)), ir.cI32(0));

  Value target = unitAddress(to, layout, row, unit);
  Value source = ir.offset(
      rows.base, ir.add(ir.mul(ir.wide(ir.add(first, row)), rows.strideBytes),
                        ir.wide(ir.times(unit, kUnitBytes))));
  Value sourceStep = ir.times(rows.strideBytes, rowsAtOnce);
  // Of the rows that are behind this thread's first one by a number. Compared
  // with what is left, it is a constant in the instruction.
  Value firstRow = ir.add(first, row);
  Value left = ir.sub(end, firstRow), inTile = ir.sub(ir.cI32(count), row);
  auto wantedAt = [&](Value behind) {
    Value wanted = ir.lessThan(behind, left);
    return isWanted ? ir.bitAnd(wanted, isWanted(ir.add(firstRow, behind)))
                    : wanted;
  };
  auto isInside = [&](Value behind) {
    return ir.bitAnd(isActive, ir.lessThan(behind, inTile));
  };
  // `behind` is a multiple of `rowsAtOnce`, a power of two that this thread's
  // first row is below: r % 8 of the row is the xor of theirs.
  auto targetOf = [&](Value behind) {
    Value at = target;
    if (layout.isSwizzled && rowsAtOnce < 8)
      at = exchangeUnits(at, ir.modulo(behind, 8));
    return ir.offset(at, ir.times(behind, layout.pitch));
  };
  auto inLoop =
      [&](function_ref<void(Value behind, Value from, Value at)> copy) {
        ir.loopRolled(turns, [&](Value turn) {
          Value behind = ir.times(turn, rowsAtOnce);
          ir.ifThen(isInside(behind), [&] {
            copy(behind, ir.offset(source, ir.mul(ir.wide(turn), sourceStep)),
                 targetOf(behind));
          });
        });
        return Values();
      };

  const bool isLong = isWanted && turns * countOperations(ir, [&] {
                                    wantedAt(row);
                                  }) > kMostOperations;
  auto copyUnits = [&] {
    auto copy = [&](Value behind, Value from, Value at) {
      ir.copyAsync(at, from, ir.select(wantedAt(behind), bytes, ir.cI32(0)));
    };
    if (isLong)
      return inLoop(copy);
    Value from = source;
    for (int64_t turn = 0; turn < turns; ++turn) {
      Value behind = ir.cI32(int32_t(turn * rowsAtOnce));
      Value at = targetOf(behind);
      if (units == unitThreads && count % rowsAtOnce == 0)
        copy(behind, from, at);
      else
        ir.ifThen(isInside(behind), [&] { copy(behind, from, at); });
      from = ir.offset(from, sourceStep);
    }
    return Values();
  };
  auto copyElements = [&] {
    return inLoop([&](Value behind, Value from, Value at) {
      copyUnit(from, at, wantedAt(behind), elementsLeft);
    });
  };
  ir.ifElse({}, rows.isAligned, copyUnits, copyElements);
}

/// The first `left` elements of a unit, where wanted, and zeros.
void ForwardEmitter::copyUnit(Value from, Value to, Value wanted, Value left) {
  Type storage = ir.b.getIntegerType(s.elementBytes * 8);
  ir.loop32(kUnitBytes / s.elementBytes, [&](Value i) {
    Value exists = ir.bitAnd(wanted, ir.lessThan(i, left));
    Value bytes = ir.times(i, s.elementBytes);
    Value loaded =
        ir.ifElse(
              storage, exists,
              [&] {
                return Values{ir.loadAligned(
                    storage, ir.offset(from, ir.wide(bytes)), s.elementBytes)};
              },
              [&] {
                return Values{arith::ConstantOp::create(
                    ir.b, ir.loc, ir.b.getIntegerAttr(storage, 0))};
              })
            .front();
    ir.storeAligned(loaded, ir.offset(to, bytes), s.elementBytes);
  });
}

void ForwardEmitter::copyQueries() {
  if (isDecode)
    copyScatteredQueries();
  else
    copyRows(q, item.row0, Sq, s.blockRows(), shared, s.rowsQ(), nullptr);
}

/// Rows of several heads, which no one stride connects. They are few.
void ForwardEmitter::copyScatteredQueries() {
  const int64_t units = s.rowsQ().bytes / kUnitBytes;
  const int64_t unitElements = kUnitBytes / s.elementBytes;
  const int64_t count = s.blockRows() * units;
  ir.loop32(llvm::divideCeil(count, s.threads()), [&](Value turn) {
    Value index = ir.add(thread.index, ir.times(turn, s.threads()));
    ir.ifThen(ir.lessThan(index, count), [&] {
      Value row = ir.over(index, units), unit = ir.modulo(index, units);
      RowPlace place = placeOf(row);
      Value from = ir.offset(addressOf(in.q, place, s.elementBytes),
                             ir.wide(ir.times(unit, kUnitBytes)));
      Value to = unitAddress(shared, s.rowsQ(), row, unit);
      Value left = ir.sub(ir.cI32(int32_t(D)), ir.times(unit, unitElements));
      copyUnit(from, to, place.exists, left);
    });
  });
}

void ForwardEmitter::copyKeysAndValues(const Step &step, Value base,
                                       bool withValues) {
  copyRows(k, step.kv0(ir), item.kvEnd, s.blockKv,
           ir.offset(base, s.keyOffset()), s.rowsK(), nullptr);
  if (!withValues)
    return;
  Value to = ir.offset(base, s.valueOffset());
  auto copy = [&](function_ref<Value(Value)> isWanted) {
    copyRows(v, step.kv0(ir), item.kvEnd, s.blockKv, to, s.rowsV(), isWanted);
    return Values();
  };
  if (!hasKeyConditions()) {
    copy(nullptr);
    return;
  }
  // One warp's answer serves rows that all warps read: where its queries keep
  // all pairs, no condition of a key alone excludes one.
  ir.ifElse(
      {}, step.isFull(ir), [&] { return copy(nullptr); },
      [&] { return copy([&](Value kv) { return isKeyKept(kv); }); });
}

} // namespace attnjit::nvptx
