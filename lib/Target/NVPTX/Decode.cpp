//===- Decode.cpp - The decode kernel of the GPU target -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For few queries: the rows of all heads that share a key head are one tile, so
// that k and v are read once for the group; the keys are split among blocks of
// threads, and in a block of keys among warps. The loop is that of prefill; its
// sums are merged here, first those of the warps, through shared memory, then
// those of the splits, by the block of threads that arrives last.
//
// Merging: m is the largest of the parts', l and acc their sums, each weighted
// with exp(m_part - m). A part without a kept key has l = 0 and counts nothing,
// whatever its m. Eight threads share a row, each with four columns in turn.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;

namespace attnjit::nvptx {

static constexpr int64_t kRowThreads = 8;
static constexpr int64_t kColumns = 4;

/// Parts that are read together: of 64 splits, one after another took 70 us on
/// an H100, as long as the splits themselves.
static constexpr int64_t kAtOnce = 8;

void ForwardEmitter::openDecodeItem() {
  Value Hkv = ir.trunc32(in.Hkv);
  item.group = ir.div(ir.trunc32(in.Hq), Hkv);
  item.rows = ir.mul(item.group, Sq);
  Value blocks = ir.overUp(item.rows, s.blockRows());
  Value keys = ir.trunc32(in.splits.keys);
  item.splits =
      ir.max(ir.div(ir.add(Skv, ir.plus(keys, -1)), keys), ir.cI32(1));
  item.index = ir.add(ir.blockIndex(), ir.trunc32(in.workBegin));
  item.cell = ir.div(item.index, item.splits);
  Value split = ir.rem(item.index, item.splits);
  Value head = ir.div(item.cell, blocks);
  item.row0 = ir.times(ir.rem(item.cell, blocks), s.blockRows());
  item.b = ir.div(head, Hkv);
  item.kvh = ir.rem(head, Hkv);
  item.kvBegin = ir.mul(split, keys);
  item.kvEnd = ir.min(ir.add(item.kvBegin, keys), Skv);
  item.qFirst = ir.cI32(0);
  item.qLast = ir.plus(Sq, -1);
}

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

/// What a part's sums are multiplied by.
Value ForwardEmitter::partFactor(const Part &part, Value top) {
  Value isEmpty = ir.fcmp(Ir::FPred::OEQ, part.l, ir.cF32(0));
  Value factor = ir.cF32(1);
  if (hasSoftmax())
    factor = ir.exp2Approx(ir.fmul(ir.fsub(part.m, top), logScale()));
  return ir.select(isEmpty, ir.cF32(0), factor);
}

/// Reads `kAtOnce` parts from `first` on before it makes anything of them, so
/// that one does not wait for another; those behind the last one count nothing.
std::vector<ForwardEmitter::Part>
ForwardEmitter::readParts(Value first, Value count, const Parts &parts) {
  std::vector<Part> read;
  for (int64_t i = 0; i < kAtOnce; ++i) {
    Value index = ir.plus(first, i);
    Part part = parts(ir.min(index, ir.plus(count, -1)));
    Value exists = ir.lessThan(index, count);
    part.l = ir.select(exists, part.l, ir.cF32(0));
    // An infinity times its factor, 0, would be NaN.
    part.loadAcc = [this, exists, load = std::move(part.loadAcc)](Value at) {
      Value acc = load(at);
      Value none = arith::ConstantOp::create(ir.b, ir.loc,
                                             ir.b.getZeroAttr(acc.getType()));
      return ir.select(exists, acc, none);
    };
    read.push_back(std::move(part));
  }
  return read;
}

ForwardEmitter::Merged ForwardEmitter::mergeParts(Value count,
                                                  const Parts &parts) {
  Value infinity = ir.cF32(-INFINITY), zero = ir.cF32(0);
  Merged merged;
  merged.m = ir.foldRange(count, kAtOnce, infinity, [&](Value i, ValueRange m) {
                 Value top = m.front();
                 for (const Part &part : readParts(i, count, parts)) {
                   Value isEmpty = ir.fcmp(Ir::FPred::OEQ, part.l, zero);
                   top = ir.maxNum(top, ir.select(isEmpty, infinity, part.m));
                 }
                 return Values{top};
               }).front();
  Value none = ir.fcmp(Ir::FPred::OEQ, merged.m, infinity);
  merged.top = ir.select(none, zero, merged.m);
  merged.l = ir.foldRange(count, kAtOnce, zero, [&](Value i, ValueRange l) {
                 Value sum = l.front();
                 for (const Part &part : readParts(i, count, parts))
                   sum = ir.fma(part.l, partFactor(part, merged.top), sum);
                 return Values{sum};
               }).front();
  return merged;
}

/// The merged acc: four columns for each group of those that a thread has.
ForwardEmitter::Values ForwardEmitter::mergeColumns(Value count,
                                                    const Parts &parts,
                                                    Value top, Value lane) {
  Type type = VectorType::get(kColumns, ir.f32());
  Value none = arith::ConstantOp::create(ir.b, ir.loc, ir.b.getZeroAttr(type));
  const int64_t groups = llvm::divideCeil(s.Dv, kRowThreads * kColumns);
  return ir.foldRange(
      count, kAtOnce, Values(groups, none), [&](Value i, ValueRange sums) {
        Values next(sums);
        for (const Part &part : readParts(i, count, parts)) {
          Value factor = vector::BroadcastOp::create(ir.b, ir.loc, type,
                                                     partFactor(part, top));
          for (int64_t group = 0; group < groups; ++group) {
            // Threads without columns read those of another.
            Value column = ir.min(columnOf(lane, group),
                                  ir.cI32(int32_t(s.Dv - kColumns)));
            next[group] = ir.fma(part.loadAcc(column), factor, next[group]);
          }
        }
        return next;
      });
}

/// The first of the four columns of a group that thread `lane` of a row has.
Value ForwardEmitter::columnOf(Value lane, int64_t group) {
  return ir.plus(ir.times(lane, kColumns), group * kRowThreads * kColumns);
}

/// This warp's sums in shared memory.
void ForwardEmitter::leaveSums(Sums &sums) {
  const int64_t pitch = s.pitchSums() * 4;
  ir.waitCopies(0);
  ir.barrier();
  Value slot =
      ir.offset(shared, ir.times(ir.add(ir.times(thread.warp, s.blockRows()),
                                        ir.over(thread.lane, 4)),
                                 pitch));
  for (int64_t half = 0; half < 2; ++half) {
    Value row = ir.offset(slot, 8 * half * pitch);
    for (int64_t block = 0; block < s.Dv / 8; ++block)
      for (int64_t x = 0; x < 2; ++x) {
        Value at = ir.offset(row, ir.times(thread.column, 4));
        ir.storeAligned(sums.acc[0][block][2 * half + x],
                        ir.offset(at, 32 * block + 4 * x), 4);
      }
    Value l = ir.cF32(1), m = ir.cF32(0);
    if (hasSoftmax()) {
      l = sums.l[0][half];
      m = sums.m[0][half];
      for (int32_t bits : {1, 2})
        l = ir.fadd(l, ir.shuffleXor(l, bits));
    }
    ir.ifThen(ir.isZero(thread.column), [&] {
      ir.storeAligned(m, ir.offset(row, 4 * s.Dv), 4);
      ir.storeAligned(l, ir.offset(row, 4 * s.Dv + 4), 4);
    });
  }
  ir.barrier();
}

/// Counts this block's arrival at its cell; whether it is the last one. Its
/// stores are seen by who comes later, and those of who came before by it.
Value ForwardEmitter::arrive() {
  Value word = ir.offset(shared, s.walkOffset());
  ir.threadFence();
  ir.barrier();
  ir.ifThen(ir.isZero(thread.index), [&] {
    Value counter = ir.offset(ir.toGlobal(in.splits.arrivals),
                              ir.times(ir.wide(item.cell), 4));
    Value before = ir.atomicAdd(counter, ir.cI32(1));
    Value isLast = ir.cmp(Ir::Pred::eq, before, ir.plus(item.splits, -1));
    // Ready for the next run.
    ir.ifThen(isLast, [&] { ir.storeAligned(ir.cI32(0), counter, 4); });
    ir.storeAligned(ir.select(isLast, ir.cI32(1), ir.cI32(0)), word, 4);
  });
  ir.barrier();
  ir.threadFence();
  return ir.isNonZero(ir.loadAligned(ir.i32(), word, 4));
}

/// Stores out and lse of a row of the block; `accAt` gives four columns.
void ForwardEmitter::storeRow(Value row, Value lane, const Merged &merged,
                              const Values &acc) {
  RowPlace place = placeOf(row);
  Closed closed = {ir.cF32(1), nullptr};
  if (hasSoftmax()) {
    ModEmitter mods = *item.mods;
    bindRow(mods, place);
    closed = closeRow(merged.m, merged.l, mods);
  }
  Value factor = closed.factor;
  if (forward.getDropout())
    factor = ir.fmul(factor, in.dropout.scale);
  Value to = addressOf(in.out, place, s.elementBytes);
  for (auto [group, columns] : llvm::enumerate(acc))
    for (int64_t i = 0; i < kColumns; ++i) {
      Value index = ir.plus(columnOf(lane, group), i);
      Value exists = ir.bitAnd(place.exists, ir.lessThan(index, Dv));
      ir.ifThen(exists, [&] {
        Value value = vector::ExtractOp::create(ir.b, ir.loc, columns, i);
        value = ir.fmul(value, factor);
        if (!isF32())
          value = ir.narrow(element, value);
        ir.storeAligned(value,
                        ir.offset(to, ir.wide(ir.times(index, s.elementBytes))),
                        s.elementBytes);
      });
    }
  if (!hasSoftmax())
    return;
  Value isWanted = ir.bitAnd(ir.isZero(lane), place.exists);
  ir.ifThen(ir.bitAnd(isWanted, ir.isNotNull(in.lse.data)), [&] {
    ir.storeAligned(closed.lse, addressOf(in.lse, place, 4), 4);
  });
}

void ForwardEmitter::finishDecode(Sums &sums) {
  leaveSums(sums);
  Type columns = VectorType::get(kColumns, ir.f32());
  Value row = ir.over(thread.index, kRowThreads);
  Value lane = ir.modulo(thread.index, kRowThreads);
  Parts ofWarps = [&](Value warp) {
    Value slot =
        ir.offset(shared, ir.times(ir.add(ir.times(warp, s.blockRows()), row),
                                   s.pitchSums() * 4));
    return Part{ir.loadAligned(ir.f32(), ir.offset(slot, 4 * s.Dv), 4),
                ir.loadAligned(ir.f32(), ir.offset(slot, 4 * s.Dv + 4), 4),
                [this, slot, columns](Value column) {
                  return ir.loadAligned(
                      columns, ir.offset(slot, ir.times(column, 4)), 16);
                }};
  };
  Value warps = ir.cI32(static_cast<int32_t>(s.warpsKv));
  Merged merged = mergeParts(warps, ofWarps);
  Values acc = mergeColumns(warps, ofWarps, merged.top, lane);

  auto finishAlone = [&] {
    storeRow(row, lane, merged, acc);
    return Values();
  };
  auto finishSplit = [&] {
    auto partialOf = [&](const codegen::PartialInput &partial, Value index,
                         int64_t floats) {
      Value at = ir.mul(ir.wide(index), partial.stride);
      at = ir.add(at, ir.wide(ir.times(row, floats)));
      return ir.offset(ir.toGlobal(partial.data), ir.times(at, 4));
    };
    auto accOf = [&](Value index, Value column) {
      return ir.offset(partialOf(in.splits.out, index, s.partialWidth()),
                       ir.wide(ir.times(column, 4)));
    };
    // Rows behind the last one have no partial result.
    Value exists = ir.lessThan(ir.add(item.row0, row), item.rows);
    ir.ifThen(exists, [&] {
      for (auto [group, columns] : llvm::enumerate(acc)) {
        Value column = columnOf(lane, group);
        ir.ifThen(ir.lessThan(column, s.Dv), [&] {
          ir.storeAligned(columns, accOf(item.index, column), 16);
        });
      }
      ir.ifThen(ir.isZero(lane), [&] {
        ir.storeAligned(merged.top, partialOf(in.splits.m, item.index, 1), 4);
        ir.storeAligned(merged.l, partialOf(in.splits.l, item.index, 1), 4);
      });
    });
    ir.ifThen(ir.bitAnd(arrive(), exists), [&] {
      Value first = ir.mul(item.cell, item.splits);
      Parts ofSplits = [&](Value split) {
        Value index = ir.add(first, split);
        return Part{
            ir.loadAligned(ir.f32(), partialOf(in.splits.m, index, 1), 4),
            ir.loadAligned(ir.f32(), partialOf(in.splits.l, index, 1), 4),
            [this, accOf, index, columns](Value column) {
              return ir.loadAligned(columns, accOf(index, column), 16);
            }};
      };
      Merged all = mergeParts(item.splits, ofSplits);
      storeRow(row, lane, all,
               mergeColumns(item.splits, ofSplits, all.top, lane));
    });
    return Values();
  };
  ir.ifElse({}, ir.cmp(Ir::Pred::eq, item.splits, ir.cI32(1)), finishAlone,
            finishSplit);
}

} // namespace attnjit::nvptx
