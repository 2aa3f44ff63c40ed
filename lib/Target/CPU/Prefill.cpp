//===- Prefill.cpp - The prefill kernel of the CPU target -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Flash attention (Dao et al. 2022) with queries in vector lanes:
//
//   for each work item (b, h, block of queries):
//     pack: q transposed to [strip][d][query], times scale
//     for each block of keys, for each strip of queries:
//       for each tile of a few keys:                   (PrefillTile.cpp)
//         decide empty / full / partial; mask; S = K Q; score mod;
//         P = exp(S - m), l += P; prob mod, dropout   (PrefillWeights.cpp)
//       acc += V P                          for the block's rows of P
//     out = acc / l, transposed back; lse = m + log l
//
// A prob mod that needs final probabilities makes that two passes over the
// keys: the first leaves m and l, the second has P = exp(S - m) / l.
//
// K is read where it lies, any stride; each element is broadcast. So are those
// of V, from a copy of the block in the order in which they are read: see
// docs/decisions/0022. The maximum is lazy: m moves only when a score exceeds
// it by 2^8, in a function of its own, so that no vector is live across a call
// in the hot loops.
//
// Test: test/Target/CPU/lower-forward.mlir; values: test/differential.
//
//===----------------------------------------------------------------------===//

#include "PrefillEmitter.h"

#include "Transpose.h"

#include <cmath>

using namespace mlir;

namespace attnjit::cpu {

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

PrefillWorkspace PrefillWorkspace::layout(const AttentionSpec &spec,
                                          const PrefillSchedule &s) {
  PrefillWorkspace w;
  int64_t next = 0;
  auto take = [&](int64_t elements, int64_t elementBytes) {
    int64_t offset = next;
    next = roundUp(next + elements * elementBytes, 64);
    return offset;
  };
  int64_t strips = s.stripsPerItem(), strip = s.strip();
  int64_t width = roundUp(spec.Dv, s.lanes);
  int64_t widened = spec.dtype == DType::F32 ? 0 : s.blockKv;
  w.queries = take(strips * spec.D * strip, 4);
  w.acc = take(strips * width * strip, 4);
  w.reference = take(strips * strip, 4);
  w.threshold = take(strips * strip, 4);
  w.sum = take(strips * strip, 4);
  w.positions = take(strips * strip, 4);
  w.stripValuesBytes = roundUp(strips * strip * 4, 64);
  w.rowOffsetsBytes = roundUp(strips * strip * 8, 64);
  w.tileElementsBytes = roundUp(s.rows * strip * 4, 64);
  w.stripValues = take(w.kStripValues * w.stripValuesBytes, 1);
  w.rowOffsets = take(w.kTileLoads * w.rowOffsetsBytes, 1);
  w.tileElements = take(w.kTileLoads * w.tileElementsBytes, 1);
  w.distancesBytes = roundUp(w.distancesOf(s) * 4, 64);
  w.distances = take(w.kDistanceValues * w.distancesBytes, 1);
  w.scores = take(s.blockKv * strip, 4);
  w.bits = take(s.rows * strip, 4);
  w.words = take(spec.dropout ? roundUp(s.rows + 3, 4) * s.lanes : 0, 4);
  w.vRows = take(s.blockKv, 8);
  w.zeros = take(16, 4);
  w.outRows = take(strip * width, 4);
  w.keys = take(widened * spec.D, 4);
  w.values = take(roundUp(spec.Dv, s.rows) * (s.blockKv + 1), 4);
  w.bytes = next;
  return w;
}

PrefillEmitter::PrefillEmitter(OpBuilder &builder, attn::ForwardOp forward,
                               const AttentionSpec &spec,
                               const PrefillSchedule &schedule)
    : ir(builder, schedule.lanes), forward(forward), s(schedule),
      element(forward.getDtype()), D(spec.D), Dv(spec.Dv),
      width(roundUp(Dv, schedule.lanes)),
      w(PrefillWorkspace::layout(spec, schedule)), softmax(forward),
      itemCuts(cutsOf(forward, s.blockQ, s.blockKv,
                      mostPartsOf(s.blockQ, s.blockKv))),
      stripCuts(cutsOf(forward, s.strip(), s.blockKv,
                       mostPartsOf(s.strip(), s.blockKv))) {}

void PrefillEmitter::emit() {
  planDistances();
  std::string name = forward.getSymName().str();
  emitEntry(name);
  if (!forward.getBounds().empty())
    emitCostFunction(name + "_cost");
}

void PrefillEmitter::emitEntry(const std::string &name) {
  pack = emitPackRows(ir, name + "_pack", element, D, s.strip());
  unpack = emitUnpackRows(ir, name + "_unpack", width, s.strip());
  if (hasSoftmax())
    rescale = emitRescale(name + "_rescale");

  emitForItems(name, [&] { clearZeroRow(); }, [&] { emitItem(); });
}

/// The row of `values` that keys have which none keeps.
void PrefillEmitter::clearZeroRow() {
  ir.loop(roundUp(Dv, s.rows), s.rows, [&](Value d) {
    Value chunk = ir.at(valueRow(ir.cI64(s.blockKv)), ir.f32(), chunkAt(d));
    for (int64_t r = 0; r < s.rows; ++r)
      ir.store(ir.cF32(0), ir.at(chunk, ir.f32(), r));
  });
}

/// A function of the ABI that does something for each work item of its range,
/// after `open`.
void PrefillEmitter::emitForItems(StringRef name, function_ref<void()> open,
                                  function_ref<void()> body) {
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(ir.b.getContext()), {ir.ptr()});
  auto function = LLVM::LLVMFuncOp::create(ir.b, ir.loc, name, type);
  OpBuilder::InsertionGuard guard(ir.b);
  ir.b.setInsertionPointToStart(function.addEntryBlock(ir.b));
  Value args = function.getArgument(0);
  Value zeros = ir.byteAt(KernelInputs::loadWorkspace(ir, args), w.zeros);
  in = KernelInputs::load(ir, forward, args, Captured::Elsewhere, zeros);
  fill(workspace(w.zeros), 16, 0.0f);
  open();
  Value blocks = ir.divUp(in.Sq, in.itemQueries);
  ir.loop(in.workBegin, in.workEnd, 1, [&](Value index) {
    openItem(index, blocks);
    body();
  });
  LLVM::ReturnOp::create(ir.b, ir.loc, ValueRange());
}

Value PrefillEmitter::workspace(int64_t offset) {
  return ir.byteAt(in.workspace, offset);
}

Value PrefillEmitter::stripPart(int64_t offset, Value strip, int64_t floats) {
  return ir.at(workspace(offset), ir.f32(), ir.mul(strip, floats));
}

void PrefillEmitter::fill(Value address, int64_t floats, float value) {
  // Every region of the workspace is a whole number of vectors.
  ir.loop(floats, ir.lanes, [&](Value i) {
    ir.store(ir.splat(value), ir.at(address, ir.f32(), i));
  });
}

/// Makes known what a work item is.
void PrefillEmitter::openItem(Value index, Value blocks) {
  item.index = index;
  Value bh = ir.div(index, blocks);
  item.h = ir.rem(bh, in.Hq);
  item.b = ir.div(bh, in.Hq);
  Value kvh = ir.div(item.h, ir.div(in.Hq, in.Hkv));
  item.q0 = ir.mul(ir.rem(index, blocks), in.itemQueries);
  Value rows = ir.min(ir.sub(in.Sq, item.q0), in.itemQueries);
  item.strips = ir.div(ir.add(rows, s.strip() - 1), ir.cI64(s.strip()));
  item.lastRow = ir.sub(in.Sq, ir.cI64(1));
  item.qOffset = loadPerBatch(ir, in.qOffset, item.b);
  item.kvOffset = loadPerBatch(ir, in.kvOffset, item.b);
  item.q = in.q.headBase(ir, element.storage(), item.b, item.h);
  item.k = in.k.headBase(ir, element.storage(), item.b, kvh);
  item.v = in.v.headBase(ir, element.storage(), item.b, kvh);
  item.out = in.out.headBase(ir, element.storage(), item.b, item.h);
  if (forward.getMaskTensor())
    item.mask = headMask();

  if (forward.getDropout())
    item.head =
        ir.trunc32(ir.add(ir.mul(ir.add(item.b, in.bOffset), in.HqGlobal),
                          ir.add(item.h, in.hOffset)));

  item.mods.emplace(ir.b, ir.loc, in.captures);
  item.mods->bind(attn::Position::B, ir.trunc32(ir.add(item.b, in.bOffset)));
  item.mods->bind(attn::Position::H, ir.trunc32(ir.add(item.h, in.hOffset)));
  item.mods->bind(attn::Position::KvH, ir.trunc32(kvh));
}

void PrefillEmitter::emitItem() {
  item.mods->emitReady(forward.getScore());
  item.mods->emitReady(forward.getMask());
  item.mods->emitReady(forward.getBounds());
  item.mods->emitReady(forward.getProb());
  item.mods->emitReady(forward.getSink());

  ir.loop(ir.cI64(0), item.strips, 1, [&](Value strip) { emitPack(strip); });
  emitPasses();
  ir.loop(ir.cI64(0), item.strips, 1, [&](Value strip) { emitFinish(strip); });
}

/// Visits the blocks of keys that the item is not known to leave out.
void PrefillEmitter::emitKeys(function_ref<void(Value kv0, Value full)> visit) {
  Value end = ir.add(item.q0, in.itemQueries);
  Value qLast = ir.min(ir.sub(end, ir.cI64(1)), item.lastRow);
  emitKeySearch(
      ir, ir.cI64(0), in.Skv, s.blockKv,
      [&](Value first, Value last) {
        return emitBounds(item.q0, qLast, first, last);
      },
      [&](Value first, Value last) {
        return emitPartBounds(itemCuts, item.q0, qLast, first, last);
      },
      visit);
}

/// The passes over the keys: one, or two that share their code.
void PrefillEmitter::emitPasses() {
  auto emitPass = [&] {
    emitKeys([&](Value kv0, Value full) { emitKeyBlock(kv0, full); });
  };
  if (!hasTwoPasses())
    return emitPass();
  ir.loop(2, 1, [&](Value pass) {
    item.isSecondPass = ir.cmp(Ir::Pred::eq, pass, ir.cI64(1));
    emitPass();
    Value isFirst = ir.cmp(Ir::Pred::eq, pass, ir.cI64(0));
    ir.ifThen(isFirst, [&] {
      ir.loop(ir.cI64(0), item.strips, 1, [&](Value strip) {
        ir.loop(s.strip(), ir.lanes,
                [&](Value lane) { emitProbabilityFactor(strip, lane); });
      });
    });
  });
}

BufferAccess PrefillEmitter::headMask() {
  Type element = ir.b.getI8Type();
  return {in.mask.headBase(ir, element, item.b, item.h),
          element,
          {ir.trunc32(item.lastRow), ir.sub(ir.trunc32(in.Skv), ir.cI32(1))},
          {in.mask.stride[2], in.mask.stride[3]}};
}

void PrefillEmitter::emitPack(Value strip) {
  Value first = ir.add(item.q0, ir.mul(strip, s.strip()));
  Value queries = stripPart(w.queries, strip, D * s.strip());
  Value scale = softmax.queryScale(ir, in.scale);
  Value last = ir.broadcast(ir.trunc32(item.lastRow));
  ir.loop(s.strip(), ir.lanes, [&](Value lane) {
    Value row = ir.add(first, lane);
    LLVM::CallOp::create(ir.b, ir.loc, pack,
                         ValueRange{item.q, in.q.stride[2], row, item.lastRow,
                                    ir.at(queries, ir.f32(), lane), scale});
    Value rows = ir.add(ir.broadcast(ir.trunc32(row)), ir.iota());
    Value positions = ir.add(ir.min(rows, last), ir.broadcast(item.qOffset));
    auto state = [&](int64_t offset) {
      return ir.at(stripPart(offset, strip, s.strip()), ir.f32(), lane);
    };
    ir.store(positions, state(w.positions));
    keepStripValues(strip, lane, positions);
    ir.store(ir.splat(0.0f), state(w.reference));
    // Below every finite score: the first one moves the reference.
    ir.store(ir.splat(-INFINITY), state(w.threshold));
    ir.store(ir.splat(0.0f), state(w.sum));
  });
  fill(stripPart(w.acc, strip, width * s.strip()), width * s.strip(), 0.0f);
}

/// One block of keys for all strips of the item; `full`: known to be.
void PrefillEmitter::emitKeyBlock(Value kv0, Value full) {
  block.first = kv0;
  block.count = ir.min(ir.sub(in.Skv, kv0), ir.cI64(s.blockKv));
  // Once for all strips: the copies are then a percent or two of the work.
  if (!element.isWide())
    widenKeys();
  whereWeighted([&] { packValues(); });
  ir.loop(ir.cI64(0), item.strips, 1,
          [&](Value strip) { emitBlock(strip, full); });
}

/// Row `key` of the block in a tensor.
Value PrefillEmitter::blockRow(const TensorInput &tensor, Value base,
                               Value key) {
  return ir.at(base, element.storage(),
               ir.mul(ir.add(block.first, key), tensor.stride[2]));
}

void PrefillEmitter::widenKeys() {
  int64_t whole = D / ir.lanes * ir.lanes;
  ir.loop(ir.cI64(0), block.count, 1, [&](Value key) {
    Value from = blockRow(in.k, item.k, key);
    Value to = ir.at(workspace(w.keys), ir.f32(), ir.mul(key, D));
    if (whole)
      ir.loop(whole, ir.lanes, [&](Value d) {
        ir.store(element.loadVec(ir, ir.at(from, element.storage(), d)),
                 ir.at(to, ir.f32(), d));
      });
    for (int64_t d = whole; d < D; ++d)
      ir.store(element.load(ir, ir.at(from, element.storage(), d)),
               ir.at(to, ir.f32(), d));
  });
}

/// Copies the block of v in its chunks.
void PrefillEmitter::packValues() {
  const int64_t lanes = ir.lanes, whole = Dv / s.rows * s.rows;
  ir.lanes = s.rows;
  ir.loop(ir.cI64(0), block.count, 1, [&](Value key) {
    Value from = blockRow(in.v, item.v, key), to = valueRow(key);
    if (whole)
      ir.loop(whole, s.rows, [&](Value d) {
        ir.store(element.loadVec(ir, ir.at(from, element.storage(), d)),
                 ir.at(to, ir.f32(), chunkAt(d)));
      });
    for (int64_t d = whole; d < Dv; ++d)
      ir.store(element.load(ir, ir.at(from, element.storage(), d)),
               ir.at(ir.at(to, ir.f32(), chunkAt(ir.cI64(whole))), ir.f32(),
                     d - whole));
  });
  ir.lanes = lanes;
}

void PrefillEmitter::emitBlock(Value strip, Value blockFull) {
  StripState state;
  state.index = strip;
  state.first = ir.add(item.q0, ir.mul(strip, s.strip()));
  state.isFirst = ir.cmp(Ir::Pred::eq, strip, ir.cI64(0));
  state.isLast = ir.cmp(Ir::Pred::eq, ir.add(strip, 1), item.strips);
  state.queries = stripPart(w.queries, strip, D * s.strip());
  state.acc = stripPart(w.acc, strip, width * s.strip());
  state.reference = stripPart(w.reference, strip, s.strip());
  state.threshold = stripPart(w.threshold, strip, s.strip());
  state.sum = stripPart(w.sum, strip, s.strip());
  state.positions = stripPart(w.positions, strip, s.strip());

  Value last = ir.sub(ir.add(block.first, block.count), ir.cI64(1));
  SmallVector<Type> types = {ir.i1(), ir.i1()};
  Ir::Values found = ir.ifElse(
      types, blockFull, [&] { return Ir::Values{ir.cI1(false), blockFull}; },
      [&] {
        TileVerdict strip = emitStripBounds(state.first, block.first, last);
        return Ir::Values{strip.empty, strip.full};
      });
  const TileVerdict verdict = {found[0], found[1]};
  ir.ifThen(ir.cmp(Ir::Pred::eq, verdict.empty, ir.cI1(false)), [&] {
    Value rows =
        ir.loop(ir.cI64(0), block.count, s.rows, {ir.cI64(0)},
                [&](Value k, ValueRange carried) {
                  return Ir::Values{emitTile(state, ir.add(block.first, k),
                                             carried.front(), verdict.full)};
                })
            .front();
    whereWeighted([&] {
      ir.ifThen(ir.cmp(Ir::Pred::sgt, rows, ir.cI64(0)),
                [&] { emitValues(state, rows); });
    });
  });
}

void PrefillEmitter::emitValues(const StripState &state, Value rows) {
  int64_t whole = Dv / s.rows * s.rows;
  if (whole)
    ir.loop(whole, s.rows,
            [&](Value d) { emitValueTile(state, rows, d, s.rows); });
  if (whole != Dv)
    emitValueTile(state, rows, ir.cI64(whole), Dv - whole);
}

void PrefillEmitter::emitValueTile(const StripState &state, Value rows, Value d,
                                   int64_t height) {
  Value acc = ir.at(state.acc, ir.f32(), ir.mul(d, s.strip()));
  auto accAt = [&](int64_t r, int64_t c) {
    return ir.at(acc, ir.f32(), r * s.strip() + c * ir.lanes);
  };
  Ir::Values sums;
  for (int64_t r = 0; r < height; ++r)
    for (int64_t c = 0; c < s.columns; ++c)
      sums.push_back(ir.loadVec(accAt(r, c)));

  constexpr int64_t kUnroll = 4;
  Value probabilities = workspace(w.scores), vRows = workspace(w.vRows);
  Value chunk = chunkAt(d);
  // Rows of P come in whole tiles, so four keys a turn need no remainder.
  sums = ir.loop(
      ir.cI64(0), rows, kUnroll, sums, [&](Value k, ValueRange carried) {
        Ir::Values next(carried);
        Value p = ir.at(probabilities, ir.f32(), ir.mul(k, s.strip()));
        for (int64_t u = 0; u < kUnroll; ++u) {
          Value row = ir.load(ir.ptr(), ir.at(vRows, ir.i64(), ir.add(k, u)));
          row = ir.at(row, ir.f32(), chunk);
          Ir::Values columns;
          for (int64_t c = 0; c < s.columns; ++c)
            columns.push_back(
                ir.loadVec(ir.at(p, ir.f32(), u * s.strip() + c * ir.lanes)));
          for (int64_t r = 0; r < height; ++r) {
            Value v = ir.broadcast(ir.load(ir.f32(), ir.at(row, ir.f32(), r)));
            for (int64_t c = 0; c < s.columns; ++c) {
              Value &sum = next[r * s.columns + c];
              sum = ir.fma(v, columns[c], sum);
            }
          }
        }
        return next;
      });
  for (int64_t r = 0; r < height; ++r)
    for (int64_t c = 0; c < s.columns; ++c)
      ir.store(sums[r * s.columns + c], accAt(r, c));
}

/// m and l of the rows of `lane` once all keys are in them.
OnlineSoftmax::Row PrefillEmitter::closeRows(Value strip, Value lane) {
  auto state = [&](int64_t offset) {
    return ir.at(stripPart(offset, strip, s.strip()), ir.f32(), lane);
  };
  Value sink;
  if (!forward.getSink().empty()) {
    ModEmitter emitter = *item.mods;
    bindQueries(emitter, ir.loadVecI32(state(w.positions)));
    sink = emitter.emit(forward.getSink()).front();
    if (!isa<VectorType>(sink.getType()))
      sink = ir.broadcast(sink);
  }
  return softmax.close(ir, ir.loadVec(state(w.reference)),
                       ir.loadVec(state(w.sum)), sink);
}

/// Between two passes: turns l into the factor of exp(s - m) in a probability,
/// 0 for a row that keeps no key.
void PrefillEmitter::emitProbabilityFactor(Value strip, Value lane) {
  auto state = [&](int64_t offset) {
    return ir.at(stripPart(offset, strip, s.strip()), ir.f32(), lane);
  };
  OnlineSoftmax::Row rows = closeRows(strip, lane);
  Value factor = ir.fdiv(ir.splat(1.0f), rows.l);
  ir.store(ir.select(rows.none, ir.splat(0.0f), factor), state(w.sum));
  ir.store(rows.m, state(w.reference));
  ir.store(rows.lse, state(w.threshold));
}

/// Leaves in the place of l the factor that a row's sums are multiplied by, 0
/// for a row that keeps no key, and in the place of m the row's lse.
void PrefillEmitter::emitNormalizer(Value strip, Value lane) {
  auto state = [&](int64_t offset) {
    return ir.at(stripPart(offset, strip, s.strip()), ir.f32(), lane);
  };
  Value zero = ir.splat(0.0f), factor, none, lse;
  if (!hasSoftmax() || hasTwoPasses()) {
    // Weights are final. The sum is 0 where there is no key and, after two
    // passes, NaN where a score was: a prob mod may not hide that.
    Value sum = ir.loadVec(state(w.sum));
    none = ir.fcmp(Ir::FPred::OEQ, sum, zero);
    factor = ir.splat(1.0f);
    if (hasTwoPasses()) {
      factor = ir.select(ir.fcmp(Ir::FPred::UNO, sum, sum), sum, factor);
      lse = ir.loadVec(state(w.threshold));
    }
  } else {
    OnlineSoftmax::Row rows = closeRows(strip, lane);
    none = rows.none;
    factor = ir.fdiv(rows.accFactor, rows.l);
    lse = rows.lse;
  }
  if (forward.getDropout())
    factor = ir.fmul(factor, ir.broadcast(in.dropout.scale));
  ir.store(ir.select(none, zero, factor), state(w.sum));
  if (hasSoftmax())
    ir.store(lse, state(w.reference));
}

void PrefillEmitter::emitFinish(Value strip) {
  Value first = ir.add(item.q0, ir.mul(strip, s.strip()));
  Value acc = stripPart(w.acc, strip, width * s.strip());
  Value rows = workspace(w.outRows);
  ir.loop(s.strip(), ir.lanes, [&](Value lane) {
    emitNormalizer(strip, lane);
    Value factors = stripPart(w.sum, strip, s.strip());
    LLVM::CallOp::create(
        ir.b, ir.loc, unpack,
        ValueRange{ir.at(acc, ir.f32(), lane), ir.at(factors, ir.f32(), lane),
                   ir.at(rows, ir.f32(), ir.mul(lane, width))});
  });

  Value count = ir.min(ir.sub(in.Sq, first), ir.cI64(s.strip()));
  ir.loop(ir.cI64(0), count, 1, [&](Value i) {
    Value from = ir.at(rows, ir.f32(), ir.mul(i, width));
    Value to = ir.at(item.out, element.storage(),
                     ir.mul(ir.add(first, i), in.out.stride[2]));
    copyRow(from, to);
  });
  Value null = LLVM::ZeroOp::create(ir.b, ir.loc, ir.ptr());
  Value wanted = LLVM::ICmpOp::create(ir.b, ir.loc, LLVM::ICmpPredicate::ne,
                                      in.lse.data, null);
  ir.ifThen(wanted, [&] {
    Value from = stripPart(w.reference, strip, s.strip());
    Value base = in.lse.headBase(ir, ir.f32(), item.b, item.h);
    ir.loop(ir.cI64(0), count, 1, [&](Value i) {
      ir.store(
          ir.load(ir.f32(), ir.at(from, ir.f32(), i)),
          ir.at(base, ir.f32(), ir.mul(ir.add(first, i), in.lse.stride[2])));
    });
  });
}

void PrefillEmitter::copyRow(Value from, Value to) {
  int64_t whole = Dv / ir.lanes * ir.lanes;
  if (whole)
    ir.loop(whole, ir.lanes, [&](Value d) {
      element.store(ir, ir.loadVec(ir.at(from, ir.f32(), d)),
                    ir.at(to, element.storage(), d));
    });
  for (int64_t d = whole; d < Dv; ++d)
    element.store(ir, ir.load(ir.f32(), ir.at(from, ir.f32(), d)),
                  ir.at(to, element.storage(), d));
}

void lowerToPrefill(attn::ForwardOp forward, const AttentionSpec &spec,
                    const TargetSpec &target) {
  OpBuilder builder(forward);
  PrefillEmitter(builder, forward, spec, PrefillSchedule::choose(spec, target))
      .emit();
}

} // namespace attnjit::cpu
