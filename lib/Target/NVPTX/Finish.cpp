//===- Finish.cpp - The end of the rows of a GPU kernel -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace mlir;

namespace attnjit::nvptx {

static constexpr float kLog2E = std::numbers::log2e_v<float>;
static constexpr float kLn2 = std::numbers::ln2_v<float>;

/// What brings differences of m to units of log 2.
Value ForwardEmitter::logScale() {
  return usesProducts() ? scoreScale : ir.cF32(kLog2E);
}

/// What a row ends with, once m and l are those of all its keys: the factor
/// that sums of weights are multiplied by, 0 for a row that keeps no key, and
/// its lse. A sink is a key without a value, as if it came last.
ForwardEmitter::Closed ForwardEmitter::closeRow(Value m, Value l,
                                                const ModEmitter &row) {
  const bool log2 = usesProducts();
  auto weightOf = [&](Value difference) {
    return ir.exp2Approx(log2 ? difference
                              : ir.fmul(difference, ir.cF32(kLog2E)));
  };
  Value zero = ir.cF32(0), infinity = ir.cF32(-INFINITY);
  if (log2)
    m = ir.fmul(m, scoreScale);
  Value shift = ir.cF32(std::ldexp(1.0f, -weightShift()));
  if (weightShift())
    l = ir.fmul(l, shift);
  Value none = ir.fcmp(Ir::FPred::OEQ, l, zero);
  Value lseOfNone = infinity, factor = ir.cF32(1);
  if (!forward.getSink().empty()) {
    ModEmitter mods = row;
    Value sink = mods.emit(forward.getSink()).front();
    lseOfNone = sink;
    if (log2)
      sink = ir.fmul(sink, ir.cF32(kLog2E));
    Value top = ir.maximum(m, sink);
    Value isNone = ir.fcmp(Ir::FPred::OEQ, top, infinity);
    Value safe = ir.select(isNone, zero, top);
    factor = weightOf(ir.fsub(m, safe));
    l = ir.fma(l, factor, weightOf(ir.fsub(sink, safe)));
    m = top;
  }
  if (weightShift())
    factor = ir.fmul(factor, shift);
  Value logL = ir.log2Approx(l);
  Value lse = log2 ? ir.fmul(ir.fadd(m, logL), ir.cF32(kLn2))
                   : ir.fma(logL, ir.cF32(kLn2), m);
  return {ir.select(none, zero, ir.fdiv(factor, l)),
          ir.select(none, lseOfNone, lse)};
}

void ForwardEmitter::closeSums(Sums &sums) {
  Value one = ir.cF32(1);
  sums.factor.assign(s.rowTiles, {one, one});
  sums.lse.assign(s.rowTiles, {one, one});
  if (!hasSoftmax())
    return;
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (int64_t half = 0; half < 2; ++half) {
      // Four lanes share a row.
      Value &l = sums.l[tile][half];
      for (int32_t bits : {1, 2})
        l = ir.fadd(l, ir.shuffleXor(l, bits));
      Closed closed = closeRow(sums.m[tile][half], l, *rowMods[tile][half]);
      sums.factor[tile][half] = closed.factor;
      sums.lse[tile][half] = closed.lse;
    }
}

/// Stores out and lse of the block's rows.
void ForwardEmitter::finish(Sums &sums) {
  if (hasTwoPasses())
    // Weights were final. A prob mod may not hide that a score was NaN.
    for (int64_t tile = 0; tile < s.rowTiles; ++tile)
      for (int64_t half = 0; half < 2; ++half) {
        Value factor = sums.factor[tile][half];
        Value isNaN = ir.fcmp(Ir::FPred::UNO, factor, factor);
        sums.factor[tile][half] = ir.select(isNaN, factor, ir.cF32(1));
      }
  if (forward.getDropout())
    for (auto &pair : sums.factor)
      for (Value &factor : pair)
        factor = ir.fmul(factor, in.dropout.scale);
  storeOut(sums);
  if (hasSoftmax())
    for (int64_t tile = 0; tile < s.rowTiles; ++tile)
      for (int64_t half = 0; half < 2; ++half)
        storeLse(sums.lse[tile][half], placeOf(tile, half));
}

/// Through shared memory, in the place of q, so that a warp stores whole rows.
void ForwardEmitter::storeOut(const Sums &sums) {
  HeadRows out = headRows(in.out, ir.wide(item.h), Dv);
  // Copies that no block of keys waited for would land here; q and the blocks
  // may still be read by other warps.
  ir.waitCopies(0);
  ir.barrier();
  const int64_t bytes = s.elementBytes;
  const SharedRows layout = s.rowsOut();
  Value column = ir.times(thread.column, bytes);
  Value target =
      ir.offset(unitAddress(shared, layout, thread.row, ir.over(column, 16)),
                ir.modulo(column, 16));
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t block = 0; block < s.Dv / 8; ++block) {
        const Fragment &acc = sums.acc[tile][block];
        Value factor = sums.factor[tile][half];
        Value low = ir.fmul(acc[2 * half], factor),
              high = ir.fmul(acc[2 * half + 1], factor);
        Value pair = isF32() ? vector::FromElementsOp::create(
                                   ir.b, ir.loc, VectorType::get(2, ir.f32()),
                                   ValueRange{low, high})
                                   .getResult()
                             : ir.packPair(element, low, high);
        ir.storeAligned(pair,
                        ir.offset(alongRow(target, layout, 8 * bytes * block),
                                  (16 * tile + 8 * half) * layout.pitch),
                        static_cast<unsigned>(2 * bytes));
      }
  ir.syncWarp();

  const int64_t units = llvm::divideCeil(Dv * bytes, 16);
  const int64_t unitLanes =
      std::min<int64_t>(llvm::PowerOf2Ceil(units), kWarpSize);
  const int64_t rows = 16 * s.rowTiles;
  const int64_t rowsAtOnce = kWarpSize / unitLanes;
  Value laneRow = ir.over(thread.lane, unitLanes);
  Value laneUnit = ir.modulo(thread.lane, unitLanes);
  ir.loop32(llvm::divideCeil(rows, rowsAtOnce), [&](Value turn) {
    Value ofWarp = ir.add(laneRow, ir.times(turn, rowsAtOnce));
    Value row = ir.add(thread.warpRow, ofWarp);
    Value exists = ir.bitAnd(ir.lessThan(ir.add(item.row0, row), Sq),
                             ir.lessThan(ofWarp, rows));
    for (int64_t first = 0; first < units; first += unitLanes) {
      Value unit = ir.plus(laneUnit, first);
      storeOutUnit(out, row, unit, ir.bitAnd(exists, ir.lessThan(unit, units)));
    }
  });
}

/// 16 bytes of a row of the block, or what there is of them, where `exists`.
void ForwardEmitter::storeOutUnit(const HeadRows &out, Value row, Value unit,
                                  Value exists) {
  const int64_t bytes = s.elementBytes, elements = 16 / bytes;
  ir.ifThen(exists, [&] {
    Value left = ir.sub(ir.cI32(int32_t(Dv)), ir.times(unit, elements));
    Value from = unitAddress(shared, s.rowsOut(), row, unit);
    Value global = ir.wide(ir.add(item.row0, row));
    Value to = ir.offset(out.base, ir.add(ir.mul(global, out.strideBytes),
                                          ir.wide(ir.times(unit, 16))));
    Value isWhole = ir.cmp(Ir::Pred::sge, left, ir.cI32(int32_t(elements)));
    ir.ifElse(
        {}, ir.bitAnd(out.isAligned, isWhole),
        [&] {
          Type whole = VectorType::get(4, ir.i32());
          ir.storeAligned(ir.loadAligned(whole, from, 16), to, 16);
          return Values();
        },
        [&] {
          Type storage = ir.b.getIntegerType(8 * bytes);
          ir.loop32(elements, [&](Value i) {
            ir.ifThen(ir.lessThan(i, left), [&] {
              Value at = ir.times(i, bytes);
              ir.storeAligned(
                  ir.loadAligned(storage, ir.offset(from, at), bytes),
                  ir.offset(to, ir.wide(at)), bytes);
            });
          });
          return Values();
        });
  });
}

/// By one of the lanes that share the row.
void ForwardEmitter::storeLse(Value lse, const RowPlace &place) {
  Value isWanted = ir.bitAnd(ir.isZero(thread.column), place.exists);
  ir.ifThen(ir.bitAnd(isWanted, ir.isNotNull(in.lse.data)),
            [&] { ir.storeAligned(lse, addressOf(in.lse, place, 4), 4); });
}

} // namespace attnjit::nvptx
