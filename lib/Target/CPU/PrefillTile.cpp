//===- PrefillTile.cpp - One tile of the prefill kernel -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile is 4 keys by a strip of 24 queries on x86-64-v3, 8 by 32 on x86-64-v4
// (PrefillSchedule). Its rows of scores, one a key, lie at `scores`, become
// probabilities in place, and are counted by the running row number of the
// block.
//
//===----------------------------------------------------------------------===//

#include "PrefillEmitter.h"

#include <cmath>

using namespace mlir;

namespace attnjit::cpu {

//===----------------------------------------------------------------------===//
// Which pairs of the tile are kept
//===----------------------------------------------------------------------===//

Value PrefillEmitter::lastRowOf(const StripState &state) {
  return ir.min(ir.add(state.first, s.strip() - 1), item.lastRow);
}

TileVerdict PrefillEmitter::emitBounds(Value qFirst, Value qLast, Value kvFirst,
                                       Value kvLast) {
  TileVerdict result = {ir.cI1(false), ir.cI1(forward.getMask().empty())};
  if (!forward.getBounds().empty()) {
    ModEmitter emitter = *item.mods;
    bindQueryCorners(ir, emitter, qFirst, qLast, item.qOffset);
    bindKeyCorners(ir, emitter, kvFirst, kvLast, item.kvOffset);
    SmallVector<Value> verdict = emitter.emit(forward.getBounds());
    result = {verdict[0], verdict[1]};
  }
  if (!forward.getMaskTensor())
    return result;
  return joinMaskTensor(ir, in, result, item.b, item.h, item.h, kvFirst,
                        kvLast);
}

TileVerdict PrefillEmitter::emitPartBounds(ArrayRef<TileCut> cuts, Value qFirst,
                                           Value qLast, Value kvFirst,
                                           Value kvLast) {
  return emitPartVerdicts(
      ir, cuts, {qFirst, qLast, kvFirst, kvLast}, item.qOffset, item.kvOffset,
      [&](const TileCorners &part) {
        return emitBounds(part.qFirst, part.qLast, part.kvFirst, part.kvLast);
      });
}

/// Of the strip that begins with row `first`, by its parts where the whole says
/// nothing.
TileVerdict PrefillEmitter::emitStripBounds(Value first, Value kvFirst,
                                            Value kvLast) {
  Value last = ir.min(ir.add(first, s.strip() - 1), item.lastRow);
  TileVerdict whole = emitBounds(first, last, kvFirst, kvLast);
  if (stripCuts.empty())
    return whole;
  auto values = [](const TileVerdict &verdict) {
    return Ir::Values{verdict.empty, verdict.full};
  };
  Ir::Values found = ir.ifElse(
      {ir.i1(), ir.i1()}, ir.bitOr(whole.empty, whole.full),
      [&] { return values(whole); },
      [&] {
        return values(emitPartBounds(stripCuts, first, last, kvFirst, kvLast));
      });
  return {found[0], found[1]};
}

Value PrefillEmitter::keyRow(Value kv) {
  if (element.isWide())
    return ir.at(item.k, ir.f32(), ir.mul(kv, in.k.stride[2]));
  return ir.at(workspace(w.keys), ir.f32(), ir.mul(ir.sub(kv, block.first), D));
}

/// Where v of key `key` of the block begins in the first chunk.
Value PrefillEmitter::valueRow(Value key) {
  return ir.at(workspace(w.values), ir.f32(), ir.mul(key, s.rows));
}

/// How many floats the chunk of column `d` lies behind the first one.
Value PrefillEmitter::chunkAt(Value d) { return ir.mul(d, s.blockKv + 1); }

void PrefillEmitter::setValueRows(Value kv, Value row) {
  Value key = ir.sub(kv, block.first);
  for (int64_t r = 0; r < s.rows; ++r)
    ir.store(valueRow(ir.add(key, r)),
             ir.at(workspace(w.vRows), ir.i64(), ir.add(row, r)));
}

/// Evaluates the mask before the product, row by row; -1 in a lane's bits
/// where the pair is kept. A row that no lane keeps gets zeros for its v, so
/// that what its memory holds never reaches the output.
PrefillEmitter::TileMask PrefillEmitter::emitMaskBits(const StripState &state,
                                                      Value kv, Value row) {
  Region &mask = forward.getMask();
  const TileLoad *tensor = forward.getMaskTensor() ? &tileLoads[0] : nullptr;
  if (tensor)
    emitTileLoad(state, *tensor, kv);
  emitTileLoads(state, kv, mask);
  Value bits = workspace(w.bits), zeros = valueRow(ir.cI64(s.blockKv));
  auto emitRow = [&](Value r, ValueRange carried) {
    Value key = ir.add(kv, r);
    Value inRange = ir.broadcast(ir.cmp(Ir::Pred::slt, key, in.Skv));
    Value rowBits = ir.at(bits, ir.i32(), ir.mul(r, s.strip()));
    ModEmitter rowMods = rowEmitter(mask, key);
    Value rowAny;
    for (int64_t c = 0; c < s.columns; ++c) {
      Value keep = inRange;
      if (!mask.empty()) {
        ModEmitter mods = columnEmitter(rowMods, state, mask, r, c);
        Value value = mods.emit(mask).front();
        if (!isa<VectorType>(value.getType()))
          value = ir.broadcast(value);
        keep = ir.bitAnd(keep, value);
      }
      if (tensor)
        keep = ir.bitAnd(keep, tileElements(*tensor, r, c));
      storeLanes(keep, ir.at(rowBits, ir.i32(), c * ir.lanes));
      rowAny = c ? ir.bitOr(rowAny, keep) : keep;
    }
    rowAny = ir.anyLane(rowAny);
    ir.store(ir.select(rowAny, valueRow(ir.sub(key, block.first)), zeros),
             ir.at(workspace(w.vRows), ir.i64(), ir.add(row, r)));
    return Ir::Values{ir.bitOr(carried.front(), rowAny)};
  };
  Value any =
      ir.loop(ir.cI64(0), ir.cI64(s.rows), 1, {ir.cI1(false)}, emitRow).front();
  return {any, ir.cI1(true)};
}

PrefillEmitter::TileMask PrefillEmitter::decideTile(const StripState &state,
                                                    Value kv, Value row,
                                                    Value blockFull) {
  Value last = ir.add(kv, s.rows - 1);
  Value whole = ir.cmp(Ir::Pred::slt, last, in.Skv);
  SmallVector<Type> types = {ir.i1(), ir.i1()};
  auto pair = [&](Value any, Value masked) { return Ir::Values{any, masked}; };
  Ir::Values mask = ir.ifElse(
      types, ir.bitAnd(blockFull, whole),
      [&] { return pair(ir.cI1(true), ir.cI1(false)); },
      [&] {
        TileVerdict tile = emitBounds(state.first, lastRowOf(state), kv,
                                      ir.min(last, ir.sub(in.Skv, ir.cI64(1))));
        // Empty or full: nothing to evaluate.
        Value full = ir.bitAnd(tile.full, whole);
        return ir.ifElse(
            types, ir.bitOr(tile.empty, full),
            [&] { return pair(full, ir.cI1(false)); },
            [&] {
              TileMask bits = emitMaskBits(state, kv, row);
              return pair(bits.any, bits.masked);
            });
      });
  return {mask[0], mask[1]};
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

Value PrefillEmitter::emitTile(const StripState &state, Value kv, Value row,
                               Value blockFull) {
  TileMask mask = decideTile(state, kv, row, blockFull);
  return ir
      .ifElse(
          ir.i64(), mask.any,
          [&] {
            Value scores =
                ir.at(workspace(w.scores), ir.f32(), ir.mul(row, s.strip()));
            if (element.isWide())
              prefetchRows(state, kv);
            emitScores(state, kv, scores);
            if (hasScore())
              emitHook(state, kv, forward.getScore(), scores,
                       [](Value value, Value) { return value; });
            ir.ifElse(
                {}, mask.masked,
                [&] {
                  applyMaskBits(scores);
                  return Ir::Values();
                },
                [&] {
                  setValueRows(kv, row);
                  return Ir::Values();
                });
            emitTileWeights(state, kv, scores, row);
            return Ir::Values{ir.add(row, s.rows)};
          },
          [&] { return Ir::Values{row}; })
      .front();
}

/// The first strip of a block asks for the next block's V, the last one for its
/// K, a tile's rows at a time: both are then in L2 when they are read.
void PrefillEmitter::prefetchRows(const StripState &state, Value kv) {
  constexpr int64_t kLineFloats = 16;
  Value lastKey = ir.sub(in.Skv, ir.cI64(1));
  auto prefetch = [&](Value base, Value stride, Value first, int64_t floats) {
    for (int64_t r = 0; r < s.rows; ++r) {
      Value key = ir.min(ir.add(first, r), lastKey);
      Value row = ir.at(base, ir.f32(), ir.mul(key, stride));
      for (int64_t d = 0; d < floats; d += kLineFloats)
        ir.prefetch(ir.at(row, ir.f32(), d));
    }
  };
  Value wantsValues = hasTwoPasses()
                          ? ir.bitAnd(state.isFirst, item.isSecondPass)
                          : state.isFirst;
  Value next = ir.add(kv, s.blockKv);
  ir.ifThen(wantsValues, [&] { prefetch(item.v, in.v.stride[2], next, Dv); });
  ir.ifThen(state.isLast, [&] { prefetch(item.k, in.k.stride[2], next, D); });
}

/// S[r][lane] = sum_d K[kv + r][d] * Q[d][lane]; one f32 fused multiply-add
/// after another, in order of d.
void PrefillEmitter::emitScores(const StripState &state, Value kv,
                                Value scores) {
  Value lastKey = ir.sub(in.Skv, ir.cI64(1));
  Ir::Values rows, sums;
  for (int64_t r = 0; r < s.rows; ++r) {
    Value key = ir.min(ir.add(kv, r), lastKey);
    rows.push_back(keyRow(key));
  }
  for (int64_t i = 0; i < s.rows * s.columns; ++i)
    sums.push_back(ir.splat(0.0f));

  auto step = [&](Ir::Values &acc, Value d, int64_t u) {
    Value q = ir.at(state.queries, ir.f32(), ir.mul(d, s.strip()));
    Ir::Values columns;
    for (int64_t c = 0; c < s.columns; ++c)
      columns.push_back(
          ir.loadVec(ir.at(q, ir.f32(), u * s.strip() + c * ir.lanes)));
    for (int64_t r = 0; r < s.rows; ++r) {
      Value k = ir.broadcast(
          ir.load(ir.f32(), ir.at(ir.at(rows[r], ir.f32(), d), ir.f32(), u)));
      for (int64_t c = 0; c < s.columns; ++c) {
        Value &sum = acc[r * s.columns + c];
        sum = ir.fma(k, columns[c], sum);
      }
    }
  };
  constexpr int64_t kUnroll = 4;
  int64_t whole = D / kUnroll * kUnroll;
  if (whole)
    sums = ir.loop(ir.cI64(0), ir.cI64(whole), kUnroll, sums,
                   [&](Value d, ValueRange carried) {
                     Ir::Values next(carried);
                     for (int64_t u = 0; u < kUnroll; ++u)
                       step(next, d, u);
                     return next;
                   });
  for (int64_t d = whole; d < D; ++d)
    step(sums, ir.cI64(d), 0);
  for (int64_t r = 0; r < s.rows; ++r)
    for (int64_t c = 0; c < s.columns; ++c)
      ir.store(sums[r * s.columns + c],
               ir.at(scores, ir.f32(), r * s.strip() + c * ir.lanes));
}

void PrefillEmitter::emitHook(
    const StripState &state, Value kv, Region &hook, Value values,
    function_ref<Value(Value value, Value index)> finish) {
  emitTileLoads(state, kv, hook);
  emitDistances(state, kv, hook);
  // A loop over the rows: a copy of the mod for each accumulator would cost
  // compile time and gain nothing. Where there are registers for it, the two
  // columns of a row are one wide vector, which LLVM splits operation by
  // operation: two chains in step keep the units busier than one behind the
  // other, of which the scheduler sees but a few.
  const int64_t lanes = ir.lanes;
  if (s.columns == 2)
    ir.lanes = s.strip();
  ir.loop(s.rows, 1, [&](Value r) {
    ModEmitter rowMods = rowEmitter(hook, ir.add(kv, r));
    for (int64_t c = 0; c < s.strip() / ir.lanes; ++c) {
      Value index = ir.add(ir.mul(r, s.strip()), c * ir.lanes);
      Value address = ir.at(values, ir.f32(), index);
      ModEmitter emitter = columnEmitter(rowMods, state, hook, r, c);
      emitter.bind(hook.getArgument(0), ir.loadVec(address));
      Value value = emitter.emit(hook).front();
      if (!isa<VectorType>(value.getType()))
        value = ir.broadcast(value);
      ir.store(finish(value, index), address);
    }
  });
  ir.lanes = lanes;
}

void PrefillEmitter::applyMaskBits(Value scores) {
  Value bits = workspace(w.bits);
  for (int64_t i = 0; i < s.rows * s.columns; ++i) {
    Value address = ir.at(scores, ir.f32(), i * ir.lanes);
    Value keep =
        ir.cmp(Ir::Pred::ne, ir.loadVecI32(ir.at(bits, ir.i32(), i * ir.lanes)),
               ir.splat(0));
    ir.store(ir.select(keep, ir.loadVec(address), ir.splat(-INFINITY)),
             address);
  }
}

} // namespace attnjit::cpu
