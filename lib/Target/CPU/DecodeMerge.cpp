//===- DecodeMerge.cpp - The end of a row of the decode kernel ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The splits of a row block count their arrivals; the last one merges all of
// them. So a run needs no second pass over its work items, and no thread ever
// waits for another.
//
//===----------------------------------------------------------------------===//

#include "DecodeEmitter.h"

#include <cmath>

using namespace mlir;

namespace attnjit::cpu {

void DecodeEmitter::emitFinish() {
  Value single = ir.cmp(Ir::Pred::eq, grid.splits, ir.cI64(1));
  Value counter = ir.at(in.splits.arrivals, ir.i32(), item.cell);
  Value isLast =
      ir.ifElse(
            ir.i1(), single, [&] { return Ir::Values{ir.cI1(true)}; },
            [&] {
              // Releases this split's results and acquires the others'.
              Value before = LLVM::AtomicRMWOp::create(
                  ir.b, ir.loc, LLVM::AtomicBinOp::add, counter, ir.cI32(1),
                  LLVM::AtomicOrdering::acq_rel);
              Value last = ir.trunc32(ir.sub(grid.splits, ir.cI64(1)));
              return Ir::Values{ir.cmp(Ir::Pred::eq, before, last)};
            })
          .front();
  ir.ifThen(isLast, [&] {
    // Ready for the next run.
    ir.ifThen(ir.isFalse(single), [&] { ir.store(ir.cI32(0), counter); });
    ir.loop(ir.cI64(0), item.rows, 1, [&](Value row) { emitMergedRow(row); });
  });
}

/// m is the largest of the splits', l and acc their sums, each split weighted
/// with exp(m_split - m). A split without a kept key has l = 0 and counts
/// nothing, whatever its m.
void DecodeEmitter::emitMergedRow(Value row) {
  Value first = ir.mul(item.cell, grid.splits);
  auto ofSplit = [&](const PartialInput &partial, Value own, Value split,
                     int64_t floats) {
    Value single = ir.cmp(Ir::Pred::eq, grid.splits, ir.cI64(1));
    Value base = ir.select(single, own, partial.of(ir, ir.add(first, split)));
    return ir.at(base, ir.f32(), ir.mul(row, floats));
  };
  auto sumOf = [&](Value split) {
    return ir.load(ir.f32(), ofSplit(in.splits.l, item.sum, split, 1));
  };
  auto referenceOf = [&](Value split) {
    return ir.load(ir.f32(), ofSplit(in.splits.m, item.reference, split, 1));
  };
  auto isEmpty = [&](Value sum) {
    return ir.fcmp(Ir::FPred::OEQ, sum, ir.cF32(0));
  };

  Value m = ir.cF32(0);
  if (hasSoftmax())
    m = ir.loop(ir.cI64(0), grid.splits, 1, {ir.cF32(-INFINITY)},
                [&](Value split, ValueRange carried) {
                  Value candidate =
                      ir.select(isEmpty(sumOf(split)), ir.cF32(-INFINITY),
                                referenceOf(split));
                  return Ir::Values{ir.fmax(candidate, carried[0])};
                })
            .front();
  Value out = workspace(w.outRow);
  fill(out, widthV, 0.0f);
  Value l =
      ir.loop(ir.cI64(0), grid.splits, 1, {ir.cF32(0)},
              [&](Value split, ValueRange carried) {
                Value sum = sumOf(split);
                Value factor = ir.cF32(1);
                if (hasSoftmax())
                  factor = softmax.weight(ir, referenceOf(split), m);
                factor = ir.select(isEmpty(sum), ir.cF32(0), factor);
                Value acc = ofSplit(in.splits.out, item.acc, split, widthV);
                ir.loop(widthV, ir.lanes, [&](Value d) {
                  Value to = ir.at(out, ir.f32(), d);
                  Value part = ir.loadVec(ir.at(acc, ir.f32(), d));
                  ir.store(ir.fma(part, ir.broadcast(factor), ir.loadVec(to)),
                           to);
                });
                return Ir::Values{ir.fadd(carried[0], ir.fmul(sum, factor))};
              })
          .front();
  if (!hasSoftmax()) {
    // l counts keys; a row without any is 0 already.
    emitStoreRow(row, ir.cF32(1), nullptr);
    return;
  }
  Value sink;
  if (!forward.getSink().empty())
    sink = rowEmitter(row).emit(forward.getSink()).front();
  OnlineSoftmax::Row end = softmax.close(ir, m, l, sink);
  Value factor = ir.select(end.none, ir.cF32(0), ir.fdiv(end.accFactor, end.l));
  emitStoreRow(row, factor, end.lse);
}

void DecodeEmitter::emitStoreRow(Value row, Value factor, Value lse) {
  Value h = ir.load(ir.i64(), ir.at(workspace(w.heads), ir.i64(), row));
  Value q = ir.load(ir.i64(), ir.at(workspace(w.positions), ir.i64(), row));
  if (forward.getDropout())
    factor = ir.fmul(factor, in.dropout.scale);
  Value from = workspace(w.outRow);
  Value to = ir.at(in.out.headBase(ir, element.storage(), item.b, h),
                   element.storage(), ir.mul(q, in.out.stride[2]));
  int64_t whole = Dv / ir.lanes * ir.lanes;
  auto scaled = [&](Value value) {
    Value f = isa<VectorType>(value.getType()) ? ir.broadcast(factor) : factor;
    return ir.fmul(value, f);
  };
  if (whole)
    ir.loop(whole, ir.lanes, [&](Value d) {
      element.store(ir, scaled(ir.loadVec(ir.at(from, ir.f32(), d))),
                    ir.at(to, element.storage(), d));
    });
  for (int64_t d = whole; d < Dv; ++d)
    element.store(ir, scaled(ir.load(ir.f32(), ir.at(from, ir.f32(), d))),
                  ir.at(to, element.storage(), d));
  if (lse)
    ir.ifThen(ir.isNotNull(in.lse.data), [&] {
      Value base = in.lse.headBase(ir, ir.f32(), item.b, h);
      ir.store(lse, ir.at(base, ir.f32(), ir.mul(q, in.lse.stride[2])));
    });
}

} // namespace attnjit::cpu
