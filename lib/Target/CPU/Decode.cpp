//===- Decode.cpp - The decode kernel of the CPU target -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Flash attention for few queries, bound by reading K and V once. The query
// heads that share a key head are computed together, head elements in vector
// lanes:
//
//   for each work item (b, key head, block of rows, split of the keys):
//     pack: q of each row, times scale; acc = 0, m, l
//     for each block of keys that some row keeps part of:  (DecodeBlock.cpp)
//       mask of each row; S[row][key] = q . k
//       for each row, keys in lanes: score mod; P = exp(S - m), l += P
//       acc[row] += P V
//     the last split of a row block to finish merges all:  (DecodeMerge.cpp)
//       out = acc / l; lse = m + log l
//
// A split is fixed by the shape alone, and partial results are merged in the
// order of the keys: the output has the same bits for every number of threads.
//
// Test: test/Target/CPU/lower-decode.mlir; values: test/differential.
//
//===----------------------------------------------------------------------===//

#include "DecodeEmitter.h"

#include "attnjit/Target/CPU/Passes.h"

#include <cmath>

using namespace mlir;

namespace attnjit::cpu {

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

DecodeWorkspace DecodeWorkspace::layout(const AttentionSpec &spec,
                                        const DecodeSchedule &s) {
  DecodeWorkspace w;
  int64_t next = 0;
  auto take = [&](int64_t elements, int64_t elementBytes) {
    int64_t offset = next;
    next = roundUp(next + elements * elementBytes, 64);
    return offset;
  };
  int64_t width = roundUp(spec.D, s.lanes);
  int64_t widthV = roundUp(spec.Dv, s.lanes);
  bool isWide = spec.dtype == DType::F32;
  bool copiesKeys = !isWide || width != spec.D;
  bool copiesValues = !isWide || widthV != spec.Dv;
  w.queries = take(s.blockRows * width, 4);
  w.threshold = take(s.blockRows, 4);
  w.heads = take(s.blockRows, 8);
  w.positions = take(s.blockRows, 8);
  w.scores = take(s.blockRows * s.blockKv, 4);
  w.bits = take(s.blockRows * s.blockKv, 4);
  w.anyBits = take(s.blockKv, 4);
  w.vRows = take(s.blockKv, 8);
  w.zeros = take(std::max<int64_t>(widthV, 16), 4);
  w.keys = take(copiesKeys ? s.blockKv * width : 0, 4);
  w.values = take(copiesValues ? s.blockKv * widthV : 0, 4);
  w.acc = take(s.blockRows * widthV, 4);
  w.reference = take(s.blockRows, 4);
  w.sum = take(s.blockRows, 4);
  w.outRow = take(widthV, 4);
  w.bytes = next;
  w.partialWidth = widthV;
  return w;
}

DecodeEmitter::DecodeEmitter(OpBuilder &builder, attn::ForwardOp forward,
                             const AttentionSpec &spec,
                             const DecodeSchedule &schedule)
    : ir(builder, schedule.lanes), forward(forward), s(schedule),
      element(forward.getDtype()), D(spec.D), Dv(spec.Dv),
      width(roundUp(D, schedule.lanes)), widthV(roundUp(Dv, schedule.lanes)),
      w(DecodeWorkspace::layout(spec, schedule)), softmax(forward) {}

void DecodeEmitter::emit() {
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(ir.b.getContext()), {ir.ptr()});
  auto function =
      LLVM::LLVMFuncOp::create(ir.b, ir.loc, forward.getSymName(), type);
  OpBuilder::InsertionGuard guard(ir.b);
  ir.b.setInsertionPointToStart(function.addEntryBlock(ir.b));
  Value args = function.getArgument(0);
  Value zeros = ir.byteAt(KernelInputs::loadWorkspace(ir, args), w.zeros);
  in = KernelInputs::load(ir, forward, args, Captured::Elsewhere, zeros);
  fill(workspace(w.zeros), widthV, 0.0f);
  emitGrid();
  ir.loop(in.workBegin, in.workEnd, 1, [&](Value item) { emitItem(item); });
  LLVM::ReturnOp::create(ir.b, ir.loc, ValueRange());
}

Value DecodeEmitter::workspace(int64_t offset) {
  return ir.byteAt(in.workspace, offset);
}

Value DecodeEmitter::rowPart(int64_t offset, Value row, int64_t floats) {
  return ir.at(workspace(offset), ir.f32(), ir.mul(row, floats));
}

void DecodeEmitter::fill(Value address, int64_t floats, float value) {
  // Every region of the workspace is a whole number of vectors.
  ir.loop(floats, ir.lanes, [&](Value i) {
    ir.store(ir.splat(value), ir.at(address, ir.f32(), i));
  });
}

void DecodeEmitter::emitGrid() {
  grid.group = ir.div(in.Hq, in.Hkv);
  grid.rows = ir.mul(grid.group, in.Sq);
  grid.rowBlocks = ir.divUp(grid.rows, ir.cI64(s.blockRows));
  grid.splits = ir.max(ir.divUp(in.Skv, in.splits.keys), ir.cI64(1));
}

//===----------------------------------------------------------------------===//
// Work items
//===----------------------------------------------------------------------===//

void DecodeEmitter::emitItem(Value index) {
  item.index = index;
  item.cell = ir.div(index, grid.splits);
  Value split = ir.rem(index, grid.splits);
  Value rowBlock = ir.rem(item.cell, grid.rowBlocks);
  Value bh = ir.div(item.cell, grid.rowBlocks);
  item.kvh = ir.rem(bh, in.Hkv);
  item.b = ir.div(bh, in.Hkv);
  item.firstRow = ir.mul(rowBlock, s.blockRows);
  item.rows = ir.min(ir.sub(grid.rows, item.firstRow), ir.cI64(s.blockRows));
  item.kvBegin = ir.mul(split, in.splits.keys);
  item.kvEnd = ir.min(ir.add(item.kvBegin, in.splits.keys), in.Skv);
  item.qOffset = loadPerBatch(ir, in.qOffset, item.b);
  item.kvOffset = loadPerBatch(ir, in.kvOffset, item.b);
  item.k = in.k.headBase(ir, element.storage(), item.b, item.kvh);
  item.v = in.v.headBase(ir, element.storage(), item.b, item.kvh);
  block.last = ir.sub(in.Skv, ir.cI64(1));

  // Rows of one head are consecutive queries; those of several are all.
  Value lastRow = ir.add(item.firstRow, ir.sub(item.rows, ir.cI64(1)));
  Value oneHead = ir.cmp(Ir::Pred::eq, ir.div(item.firstRow, in.Sq),
                         ir.div(lastRow, in.Sq));
  item.qFirst = ir.select(oneHead, ir.rem(item.firstRow, in.Sq), ir.cI64(0));
  item.qLast =
      ir.select(oneHead, ir.rem(lastRow, in.Sq), ir.sub(in.Sq, ir.cI64(1)));

  item.headsDiffer = ir.isFalse(oneHead);
  if (!readsHead(forward.getMask()) && forward.getMaskTensor())
    item.headsDiffer = ir.bitAnd(
        item.headsDiffer, ir.cmp(Ir::Pred::ne, in.mask.stride[1], ir.cI64(0)));

  // Where rows are split, their partial results outlive the item.
  Value single = ir.cmp(Ir::Pred::eq, grid.splits, ir.cI64(1));
  auto state = [&](int64_t offset, const PartialInput &partial) {
    return ir.select(single, workspace(offset), partial.of(ir, index));
  };
  item.acc = state(w.acc, in.splits.out);
  item.reference = state(w.reference, in.splits.m);
  item.sum = state(w.sum, in.splits.l);

  item.mods.emplace(ir.b, ir.loc, in.captures);
  item.mods->bind(attn::Position::B, ir.trunc32(ir.add(item.b, in.bOffset)));
  item.mods->bind(attn::Position::KvH, ir.trunc32(item.kvh));
  item.mods->emitReady(forward.getScore());
  item.mods->emitReady(forward.getMask());
  item.mods->emitReady(forward.getBounds());
  item.mods->emitReady(forward.getProb());
  item.mods->emitReady(forward.getSink());

  ir.loop(ir.cI64(0), item.rows, 1, [&](Value row) { emitPack(row); });
  auto decide = [&](Value first, Value last) {
    return emitBounds(first, last);
  };
  auto leave = [&](Value, Value) {
    return TileVerdict{ir.cI1(false), ir.cI1(false)};
  };
  emitKeySearch(ir, item.kvBegin, item.kvEnd, s.blockKv, decide, leave,
                [&](Value kv0, Value full) { emitBlock(kv0, full); });
  emitFinish();
}

void DecodeEmitter::emitPack(Value row) {
  Value groupRow = ir.add(item.firstRow, row);
  Value h = ir.add(ir.mul(item.kvh, grid.group), ir.div(groupRow, in.Sq));
  Value q = ir.rem(groupRow, in.Sq);
  ir.store(h, ir.at(workspace(w.heads), ir.i64(), row));
  ir.store(q, ir.at(workspace(w.positions), ir.i64(), row));
  ir.store(ir.cF32(0), ir.at(item.reference, ir.f32(), row));
  // Below every finite score: the first one moves the reference.
  ir.store(ir.cF32(-INFINITY), rowPart(w.threshold, row, 1));
  ir.store(ir.cF32(0), ir.at(item.sum, ir.f32(), row));
  fill(ir.at(item.acc, ir.f32(), ir.mul(row, widthV)), widthV, 0.0f);

  Value scale = softmax.queryScale(ir, in.scale);
  Value from = ir.at(in.q.headBase(ir, element.storage(), item.b, h),
                     element.storage(), ir.mul(q, in.q.stride[2]));
  Value to = rowPart(w.queries, row, width);
  element.copyPadded(ir, from, to, D, width);
  ir.loop(width, ir.lanes, [&](Value d) {
    Value address = ir.at(to, ir.f32(), d);
    ir.store(ir.fmul(ir.loadVec(address), ir.broadcast(scale)), address);
  });
}

//===----------------------------------------------------------------------===//
// Blocks of keys
//===----------------------------------------------------------------------===//

TileVerdict DecodeEmitter::emitBoundsOf(const ModEmitter &base, Value qFirst,
                                        Value qLast, Value kvFirst,
                                        Value kvLast) {
  ModEmitter emitter = base;
  bindQueryCorners(ir, emitter, qFirst, qLast, item.qOffset);
  bindKeyCorners(ir, emitter, kvFirst, kvLast, item.kvOffset);
  SmallVector<Value> verdict = emitter.emit(forward.getBounds());
  return {verdict[0], verdict[1]};
}

bool DecodeEmitter::readsHead(Region &region) {
  return region
      .walk([](attn::PositionOp op) {
        return op.getPosition() == attn::Position::H ? WalkResult::interrupt()
                                                     : WalkResult::advance();
      })
      .wasInterrupted();
}

/// What the bounds prove for all rows of the item.
TileVerdict DecodeEmitter::emitBounds(Value kvFirst, Value kvLast) {
  TileVerdict all = {ir.cI1(false), ir.cI1(forward.getMask().empty())};
  if (forward.getBounds().empty()) {
    // The mask, if there is one, is asked of each pair.
  } else if (!readsHead(forward.getBounds())) {
    all = emitBoundsOf(*item.mods, item.qFirst, item.qLast, kvFirst, kvLast);
  } else {
    Ir::Values verdict =
        ir.loop(ir.cI64(0), item.rows, 1, {ir.cI1(true), ir.cI1(true)},
                [&](Value row, ValueRange carried) {
                  Value q = ir.load(
                      ir.i64(), ir.at(workspace(w.positions), ir.i64(), row));
                  TileVerdict one =
                      emitBoundsOf(rowEmitter(row), q, q, kvFirst, kvLast);
                  return Ir::Values{ir.bitAnd(carried[0], one.empty),
                                    ir.bitAnd(carried[1], one.full)};
                });
    all = {verdict[0], verdict[1]};
  }
  if (!forward.getMaskTensor())
    return all;
  Value hFirst = ir.mul(item.kvh, grid.group);
  Value hLast = ir.sub(ir.add(hFirst, grid.group), ir.cI64(1));
  return joinMaskTensor(ir, in, all, item.b, hFirst, hLast, kvFirst, kvLast);
}

/// Knows the head and the query of a row.
ModEmitter DecodeEmitter::rowEmitter(Value row) {
  ModEmitter emitter = *item.mods;
  Value h = ir.load(ir.i64(), ir.at(workspace(w.heads), ir.i64(), row));
  Value q = ir.load(ir.i64(), ir.at(workspace(w.positions), ir.i64(), row));
  Value local = ir.trunc32(q);
  emitter.bind(attn::Position::H, ir.trunc32(ir.add(h, in.hOffset)));
  emitter.bind(attn::Position::QLocal, local);
  emitter.bind(attn::Position::Q, ir.add(local, item.qOffset));
  return emitter;
}

void DecodeEmitter::copyRows(const TensorInput &tensor, Value base,
                             int64_t offset, int64_t size, int64_t padded) {
  ir.loop(ir.cI64(0), block.count, 1, [&](Value key) {
    Value from = ir.at(base, element.storage(),
                       ir.mul(ir.add(block.first, key), tensor.stride[2]));
    element.copyPadded(ir, from, rowPart(offset, key, padded), size, padded);
  });
}

/// One block of keys for all rows of the item, unless none of them keeps any
/// of it; `full`: all of them are known to keep all.
void DecodeEmitter::emitBlock(Value kv0, Value full) {
  block.first = kv0;
  block.count = ir.min(ir.sub(item.kvEnd, kv0), ir.cI64(s.blockKv));
  block.padded = ir.mul(ir.divUp(block.count, ir.cI64(ir.lanes)), ir.lanes);
  Value whole = ir.cmp(Ir::Pred::eq, block.count, block.padded);
  Value masked = ir.isFalse(ir.bitAnd(full, whole));
  Value any = ir.ifElse(
                    ir.i1(), masked, [&] { return Ir::Values{emitMaskBits()}; },
                    [&] {
                      setValueRows();
                      return Ir::Values{ir.cI1(true)};
                    })
                  .front();
  ir.ifThen(any, [&] {
    if (copiesKeys())
      copyRows(in.k, item.k, w.keys, D, width);
    emitScores();
    ir.loop(ir.cI64(0), item.rows, 1,
            [&](Value row) { emitWeights(row, masked); });
    if (copiesValues())
      copyRows(in.v, item.v, w.values, Dv, widthV);
    emitValues(masked);
  });
}

void lowerToDecode(attn::ForwardOp forward, const AttentionSpec &spec,
                   const TargetSpec &target) {
  OpBuilder builder(forward);
  DecodeEmitter(builder, forward, spec, DecodeSchedule::choose(spec, target))
      .emit();
}

} // namespace attnjit::cpu
