//===- Finish.cpp - The end of the rows of a GPU kernel -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace attnjit::nvptx {

static constexpr float kLog2E = std::numbers::log2e_v<float>;
static constexpr float kLn2 = std::numbers::ln2_v<float>;

/// Finds what rows end with, once m and l are those of all keys: the factor
/// that sums of weights are multiplied by, 0 for a row that keeps no key, and
/// the row's lse. A sink is a key without a value, as if it came last.
void ForwardEmitter::closeSums(Sums &sums) {
  const bool log2 = usesProducts();
  auto weightOf = [&](Value difference) {
    return ir.exp2Approx(log2 ? difference
                              : ir.fmul(difference, ir.cF32(kLog2E)));
  };
  Value one = ir.cF32(1), zero = ir.cF32(0), infinity = ir.cF32(-INFINITY);
  sums.factor.assign(s.rowTiles, {one, one});
  sums.lse.assign(s.rowTiles, {infinity, infinity});
  if (!hasSoftmax())
    return;
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (int64_t half = 0; half < 2; ++half) {
      Value l = sums.l[tile][half], m = sums.m[tile][half];
      for (int32_t bits : {1, 2})
        l = ir.fadd(l, ir.shuffleXor(l, bits));
      sums.l[tile][half] = l;
      if (log2)
        m = ir.fmul(m, scoreScale);
      Value none = ir.fcmp(Ir::FPred::OEQ, l, zero);
      Value lseOfNone = infinity, factor = one;
      if (!forward.getSink().empty()) {
        ModEmitter mods = *rowMods[tile][half];
        Value sink = mods.emit(forward.getSink()).front();
        lseOfNone = sink;
        if (log2)
          sink = ir.fmul(sink, ir.cF32(kLog2E));
        Value top = ir.maximum(m, sink);
        Value safe =
            ir.select(ir.fcmp(Ir::FPred::OEQ, top, infinity), zero, top);
        factor = weightOf(ir.fsub(m, safe));
        l = ir.fma(l, factor, weightOf(ir.fsub(sink, safe)));
        m = top;
      }
      Value logL = ir.log2Approx(l);
      Value lse = log2 ? ir.fmul(ir.fadd(m, logL), ir.cF32(kLn2))
                       : ir.fma(logL, ir.cF32(kLn2), m);
      sums.factor[tile][half] = ir.select(none, zero, ir.fdiv(factor, l));
      sums.lse[tile][half] = ir.select(none, lseOfNone, lse);
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
    ir.ifThen(ir.isNotNull(in.lse.data), [&] { storeLse(sums); });
}

/// Through shared memory, in the place of q, so that a warp stores whole rows.
void ForwardEmitter::storeOut(const Sums &sums) {
  HeadRows out = headRows(in.out, item.h, Dv);
  // Copies that no block of keys waited for would land here; q and the blocks
  // may still be read by other warps.
  ir.waitCopies(0);
  ir.barrier();
  Value target = ir.offset(shared, ir.add(ir.times(thread.row, s.pitchV()),
                                          ir.times(thread.column, 2)));
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t block = 0; block < s.Dv / 8; ++block) {
        const Fragment &acc = sums.acc[tile][block];
        Value factor = sums.factor[tile][half];
        Value pair = ir.packPair(element, ir.fmul(acc[2 * half], factor),
                                 ir.fmul(acc[2 * half + 1], factor));
        ir.storeAligned(
            pair,
            ir.offset(target, (16 * tile + 8 * half) * s.pitchV() + 16 * block),
            4);
      }
  ir.syncWarp();

  const int64_t units = llvm::divideCeil(Dv, 8);
  const int64_t unitLanes = llvm::PowerOf2Ceil(units);
  const int64_t rowsAtOnce = kWarpSize / unitLanes;
  Value laneRow = ir.over(thread.lane, unitLanes);
  Value unit = ir.modulo(thread.lane, unitLanes);
  Value left = ir.sub(ir.cI32(int32_t(Dv)), ir.times(unit, 8));
  Value warpRow = ir.times(thread.warp, 16 * s.rowTiles);
  ir.loop32(16 * s.rowTiles / rowsAtOnce, [&](Value turn) {
    Value row = ir.add(ir.add(warpRow, laneRow), ir.times(turn, rowsAtOnce));
    Value global = ir.add(item.q0, row);
    Value exists = ir.bitAnd(ir.lessThan(global, Sq), ir.lessThan(unit, units));
    ir.ifThen(exists, [&] {
      Value from = ir.offset(
          shared, ir.add(ir.times(row, s.pitchV()), ir.times(unit, 16)));
      Value to =
          ir.offset(out.base, ir.add(ir.mul(ir.wide(global), out.strideBytes),
                                     ir.wide(ir.times(unit, 16))));
      Value isWhole = ir.cmp(Ir::Pred::sge, left, ir.cI32(8));
      ir.ifElse(
          {}, ir.bitAnd(out.isAligned, isWhole),
          [&] {
            Type whole = VectorType::get(4, ir.i32());
            ir.storeAligned(ir.loadAligned(whole, from, 16), to, 16);
            return Values();
          },
          [&] {
            Type storage = ir.b.getIntegerType(16);
            ir.loop32(8, [&](Value i) {
              ir.ifThen(ir.lessThan(i, left), [&] {
                Value bytes = ir.times(i, 2);
                ir.storeAligned(
                    ir.loadAligned(storage, ir.offset(from, bytes), 2),
                    ir.offset(to, ir.wide(bytes)), 2);
              });
            });
            return Values();
          });
    });
  });
}

void ForwardEmitter::storeLse(const Sums &sums) {
  Value base = ir.toGlobal(in.lse.headBase(ir, ir.f32(), item.b, item.h));
  Value isFirst = ir.isZero(thread.column);
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (int64_t half = 0; half < 2; ++half) {
      Value row = ir.add(item.q0, ir.plus(thread.row, 16 * tile + 8 * half));
      ir.ifThen(ir.bitAnd(isFirst, ir.lessThan(row, Sq)), [&] {
        Value bytes = ir.times(ir.mul(ir.wide(row), in.lse.stride[2]), 4);
        ir.storeAligned(sums.lse[tile][half], ir.offset(base, bytes), 4);
      });
    }
}

} // namespace attnjit::nvptx
