//===- Prefill.cpp - The prefill kernel of the GPU target -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Flash attention (Dao et al. 2022; the warps' shares as in Dao 2023) for
// mma.sync:
//
//   a block of threads takes one work item (b, h, blockRows queries):
//     q to shared memory; the first block of k and v on its way
//     for each block of keys that the mask's bounds do not prove empty:
//       wait for its k and v; send for the next block's
//       a warp of whose queries the bounds do not prove the same:
//         S = q k^T; score mod; mask, unless proven full
//         m; l and acc rescaled, where it rises far
//         P = exp(S - m), l += P; prob mod, dropout
//         acc += P v
//     out = acc / l, through shared memory; lse = m + log l
//
// A prob mod that needs final probabilities makes that two passes over the
// keys: the first leaves m and l, the second has P = exp(S - m) / l.
//
// Test: test/Target/NVPTX/lower-forward.mlir; values: test/emulator.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"
#include "RelaxedMath.h"

#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Target/NVPTX/Passes.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace attnjit::nvptx {

/// Keys and values of the heads that run at the same time should stay in L2:
/// 40 MiB of an A100, 50 of an H100.
static constexpr int64_t kL2Bytes = int64_t(32) << 20;

static constexpr StringRef kSharedSymbol = "attnjit_smem";
static constexpr StringRef kZerosSymbol = "attnjit_zeros";

ForwardEmitter::ForwardEmitter(OpBuilder &builder, attn::ForwardOp forward,
                               Entry entry, const AttentionSpec &spec,
                               const GpuSchedule &schedule)
    : ir(builder), forward(forward), isDecode(entry == Entry::Decode),
      s(schedule), element(forward.getDtype()), D(spec.D), Dv(spec.Dv) {}

void ForwardEmitter::emit() {
  Value args = createFunction();
  in = codegen::KernelInputs::load(ir, forward, args, codegen::Captured::Behind,
                                   emitZeros());
  shared = ir.sharedBase(kSharedSymbol);
  Sq = ir.trunc32(in.Sq);
  Skv = ir.trunc32(in.Skv);
  openThread();
  if (isDecode)
    openDecodeItem();
  else
    openItem();
  openMods();
  planKeyConditions();
  prepareRows();
  keepQueries();
  copyQueries();

  Sums sums = emitPass(nullptr);
  if (isDecode) {
    finishDecode(sums);
  } else {
    closeSums(sums);
    if (hasTwoPasses()) {
      // The last block of the first pass may still be read.
      ir.barrier();
      Sums weighted = emitPass(&sums);
      sums.acc = weighted.acc;
    }
    finish(sums);
  }
  LLVM::ReturnOp::create(ir.b, ir.loc, ValueRange());
}

/// The module's shared memory, and the function, with the insertion point at
/// its start; gives its parameter.
Value ForwardEmitter::createFunction() {
  Type bytes = LLVM::LLVMArrayType::get(ir.b.getI8Type(), 0);
  LLVM::GlobalOp::create(ir.b, ir.loc, bytes, /*isConstant=*/false,
                         LLVM::Linkage::External, kSharedSymbol, Attribute(),
                         SharedRows::kSwizzledBytes, /*addrSpace=*/3);
  return ir.createKernel(forward.getSymName(), parameterBytes(forward),
                         s.threads());
}

/// The address of zeros for empty buffers; null where there are no buffers.
Value ForwardEmitter::emitZeros() {
  if (forward.getBuffers().empty())
    return nullptr;
  Type bytes = LLVM::LLVMArrayType::get(ir.b.getI8Type(), 64);
  {
    OpBuilder::InsertionGuard guard(ir.b);
    ir.b.setInsertionPoint(forward);
    auto global = LLVM::GlobalOp::create(
        ir.b, ir.loc, bytes, /*isConstant=*/true, LLVM::Linkage::Internal,
        kZerosSymbol, Attribute(), /*alignment=*/64, /*addrSpace=*/1);
    ir.b.createBlock(&global.getInitializerRegion());
    Value zero = LLVM::ZeroOp::create(ir.b, ir.loc, bytes);
    LLVM::ReturnOp::create(ir.b, ir.loc, zero);
  }
  Value address =
      LLVM::AddressOfOp::create(ir.b, ir.loc, ir.globalPtr(), kZerosSymbol);
  return LLVM::AddrSpaceCastOp::create(ir.b, ir.loc, ir.ptr(), address);
}

void ForwardEmitter::openThread() {
  thread.index = ir.threadIndex();
  thread.lane = ir.modulo(thread.index, kWarpSize);
  thread.warp = ir.over(thread.index, kWarpSize);
  Value rowWarp = ir.over(thread.warp, s.warpsKv);
  thread.warpRow = ir.times(rowWarp, s.warpRows());
  thread.row = ir.add(thread.warpRow, ir.over(thread.lane, 4));
  thread.key = ir.times(ir.modulo(thread.warp, s.warpsKv), s.warpKeys());
  thread.column = ir.times(ir.modulo(thread.lane, 4), 2);
}

ForwardEmitter::HeadRows
ForwardEmitter::headRows(const codegen::TensorInput &tensor, Value head,
                         int64_t size) {
  HeadRows rows;
  Type storage = ir.b.getIntegerType(8 * s.elementBytes);
  Value b = ir.wide(item.b);
  rows.base = ir.toGlobal(tensor.headBase(ir, storage, b, head));
  rows.strideBytes = ir.times(tensor.stride[2], s.elementBytes);
  Value address = LLVM::PtrToIntOp::create(ir.b, ir.loc, ir.i64(), rows.base);
  rows.isAligned =
      ir.isZero(ir.bitAnd(ir.bitOr(address, rows.strideBytes), ir.cI64(15)));
  rows.size = size;
  return rows;
}

/// Makes known what this block's work item is. Items come in sections of as
/// many heads as keep their keys in L2; in a section, the last queries of all
/// heads come first: under a causal mask they take longest.
void ForwardEmitter::openItem() {
  Value Hq = ir.trunc32(in.Hq);
  Value heads = ir.mul(ir.trunc32(in.B), Hq);
  Value group = ir.div(Hq, ir.trunc32(in.Hkv));
  Value blocks = ir.overUp(Sq, s.blockRows());
  Value index = ir.add(ir.blockIndex(), ir.trunc32(in.workBegin));

  Value headBytes = ir.times(in.Skv, (s.D + s.Dv) * s.elementBytes);
  Value fitting = ir.div(ir.cI64(kL2Bytes), ir.max(headBytes, ir.cI64(1)));
  fitting = ir.mul(ir.max(fitting, ir.cI64(1)), ir.wide(group));
  Value section = ir.trunc32(ir.min(fitting, ir.wide(heads)));
  Value sectionItems = ir.mul(section, blocks);
  Value first = ir.mul(ir.div(index, sectionItems), section);
  Value width = ir.min(section, ir.sub(heads, first));
  Value rest = ir.rem(index, sectionItems);
  Value block = ir.sub(ir.plus(blocks, -1), ir.div(rest, width));
  Value bh = ir.add(first, ir.rem(rest, width));

  item.b = ir.div(bh, Hq);
  item.h = ir.rem(bh, Hq);
  item.kvh = ir.div(item.h, group);
  item.group = group;
  item.row0 = item.qFirst = ir.times(block, s.blockRows());
  item.rows = Sq;
  item.qLast = ir.min(ir.plus(item.row0, s.blockRows() - 1), ir.plus(Sq, -1));
  item.kvBegin = ir.cI32(0);
  item.kvEnd = Skv;
}

/// What follows from the item, whatever it is.
void ForwardEmitter::openMods() {
  Value b = ir.wide(item.b), kvh = ir.wide(item.kvh);
  item.qOffset = loadPerBatch(ir, in.qOffset, b);
  item.kvOffset = loadPerBatch(ir, in.kvOffset, b);
  k = headRows(in.k, kvh, D);
  v = headRows(in.v, kvh, Dv);
  if (!isDecode)
    q = headRows(in.q, ir.wide(item.h), D);
  if (forward.getMaskTensor())
    item.mask = ir.toGlobal(
        ir.at(in.mask.data, ir.b.getI8Type(), ir.mul(b, in.mask.stride[0])));

  item.mods.emplace(ir.b, ir.loc, in.captures);
  // The errors of those would be most of what f32 is allowed.
  if (!isF32())
    item.mods->relax([this](Op op, ValueRange operands) {
      return emitRelaxed(ir, op, operands);
    });
  item.mods->bind(attn::Position::B, ir.add(item.b, ir.trunc32(in.bOffset)));
  Value firstHead = isDecode ? ir.mul(item.kvh, item.group) : item.h;
  Value hGlobal = ir.add(firstHead, ir.trunc32(in.hOffset));
  if (!isDecode)
    item.mods->bind(attn::Position::H, hGlobal);
  item.mods->bind(attn::Position::KvH, ir.div(hGlobal, item.group));
  for (Region &region : forward->getRegions())
    item.mods->emitReady(region);

  // Where no mod sees scores, they stay products of q and k. A factor that is
  // not 0 keeps the reference of a row without keys, -inf, what it is.
  constexpr float kLog2E = std::numbers::log2e_v<float>;
  scoreScale = hasScore() || !hasSoftmax()
                   ? in.scale
                   : ir.maximum(ir.fmul(ir.fabs(in.scale), ir.cF32(kLog2E)),
                                ir.cF32(0x1p-126f));
}

/// Keeps in the warp's slot of shared memory what bounds are asked with: what
/// depends on it alone, addresses among it, would else be computed before the
/// loop and kept in registers, which are all taken.
void ForwardEmitter::keepQueries() {
  if (isDecode || !skipsBlocks())
    return;
  ir.ifThen(ir.isZero(thread.lane), [&] {
    Value slot = walkSlot();
    ir.storeAligned(item.qFirst, ir.offset(slot, kBlockQueryBytes), 4);
    ir.storeAligned(ir.add(item.qFirst, thread.warpRow),
                    ir.offset(slot, kWarpQueryBytes), 4);
  });
  ir.syncWarp();
}

Value ForwardEmitter::keptQuery(int64_t slotBytes) {
  return ir.loadAligned(ir.i32(), ir.offset(walkSlot(), slotBytes), 4);
}

/// What a row of the block stands for. Rows behind the last one are computed
/// like any other, and not stored. Those of prefill go on counting queries:
/// without a clamp, the distances of keys and queries are constants apart, and
/// what a mod makes of one is computed once for the pairs that share it. Those
/// of decode stand for the last row.
ForwardEmitter::RowPlace ForwardEmitter::placeOf(Value row) {
  Value global = ir.add(item.row0, row);
  Value exists = ir.lessThan(global, item.rows);
  if (!isDecode)
    return {item.h, global, exists};
  global = ir.min(global, ir.plus(item.rows, -1));
  Value h = ir.add(ir.mul(item.kvh, item.group), ir.div(global, Sq));
  return {h, ir.rem(global, Sq), exists};
}

/// The address of a row in a tensor [B, Hq, Sq, ...].
Value ForwardEmitter::addressOf(const codegen::TensorInput &tensor,
                                const RowPlace &place, int64_t elementBytes) {
  Value offset = ir.mul(ir.wide(item.b), tensor.stride[0]);
  offset = ir.add(offset, ir.mul(ir.wide(place.h), tensor.stride[1]));
  offset = ir.add(offset, ir.mul(ir.wide(place.q), tensor.stride[2]));
  return ir.offset(ir.toGlobal(tensor.data), ir.times(offset, elementBytes));
}

void ForwardEmitter::bindRow(ModEmitter &mods, const RowPlace &place) {
  if (isDecode)
    mods.bind(attn::Position::H, ir.add(place.h, ir.trunc32(in.hOffset)));
  mods.bind(attn::Position::QLocal, place.q);
  mods.bind(attn::Position::Q, ir.add(place.q, item.qOffset));
}

void ForwardEmitter::prepareRows() {
  rowMods.resize(s.rowTiles);
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (int64_t half = 0; half < 2; ++half) {
      std::optional<ModEmitter> &mods = rowMods[tile][half];
      mods.emplace(*item.mods);
      bindRow(*mods, placeOf(tile, half));
      for (Region *region : {&forward.getScore(), &forward.getMask(),
                             &forward.getProb(), &forward.getSink()})
        mods->emitReady(*region);
    }
}

ForwardEmitter::Values ForwardEmitter::flatten(const Tiles &tiles) {
  Values values;
  for (const auto &tile : tiles)
    for (const Fragment &fragment : tile)
      values.append(fragment.begin(), fragment.end());
  return values;
}

ForwardEmitter::Values ForwardEmitter::flatten(const Sums &sums) {
  Values values = flatten(sums.acc);
  for (const PerRow *rows : {&sums.m, &sums.l})
    for (const auto &pair : *rows)
      values.append(pair.begin(), pair.end());
  return values;
}

/// The values that `flatten` put in a row, in place of those of `tiles`; gives
/// how many that were.
size_t ForwardEmitter::unflatten(Tiles &tiles, ValueRange values) {
  size_t next = 0;
  for (auto &tile : tiles)
    for (Fragment &fragment : tile)
      for (Value &value : fragment)
        value = values[next++];
  return next;
}

/// Likewise, in the shape of `like`.
ForwardEmitter::Sums ForwardEmitter::unflatten(const Sums &like,
                                               ValueRange values) {
  Sums sums = like;
  size_t next = unflatten(sums.acc, values);
  for (PerRow *rows : {&sums.m, &sums.l})
    for (auto &pair : *rows)
      for (Value &value : pair)
        value = values[next++];
  return sums;
}

/// Visits all keys. Without `final`: finds m and l and, unless a second pass is
/// to come, acc. With the closed sums of a first pass: finds acc.
ForwardEmitter::Sums ForwardEmitter::emitPass(const Sums *final) {
  const bool withValues = final || !hasTwoPasses();
  Sums sums;
  if (withValues)
    sums.acc.assign(s.rowTiles, std::vector<Fragment>(s.Dv / 8, zeros()));
  if (!final && hasSoftmax()) {
    Value infinity = ir.cF32(-INFINITY), zero = ir.cF32(0);
    sums.m.assign(s.rowTiles, {infinity, infinity});
    sums.l.assign(s.rowTiles, {zero, zero});
  }

  Step step = firstStep();
  ir.ifThen(step.exists(ir), [&] {
    copyKeysAndValues(step, stageBase(ir.cI32(0)), withValues);
  });
  ir.commitCopies();
  if (usesProducts() && !final)
    ir.ifThen(ir.fcmp(Ir::FPred::OLT, in.scale, ir.cF32(0)),
              [&] { negateQueries(); });
  if (s.queriesInRegisters && !final) {
    ir.waitCopies(0);
    ir.barrier();
    loadQueries();
  }

  Values carried = step.values();
  carried.push_back(ir.cI32(0));
  const size_t control = carried.size();
  carried.append(flatten(sums));
  auto body = [&](ValueRange values) {
    Step step = {values[0], nullptr, nullptr};
    if (skipsBlocks())
      step = {values[0], values[1], values[2]};
    Value stage = values[control - 1];
    Sums inner = unflatten(sums, values.drop_front(control));
    ir.waitCopies(0);
    ir.barrier();
    Step next = nextStep(step);
    Value nextStage = s.stages == 1 ? stage : ir.bitXor(stage, ir.cI32(1));
    auto copyNext = [&] {
      ir.ifThen(next.exists(ir), [&] {
        copyKeysAndValues(next, stageBase(nextStage), withValues);
      });
      ir.commitCopies();
    };
    if (s.stages > 1)
      copyNext();
    visitOrPass(inner, final, step, stageBase(stage));
    if (s.stages == 1) {
      ir.barrier();
      copyNext();
    }
    Values yielded = next.values();
    yielded.push_back(nextStage);
    yielded.append(flatten(inner));
    return yielded;
  };
  Values results = ir.whileLoop(
      carried,
      [&](ValueRange values) {
        return Step{values[0], nullptr, nullptr}.exists(ir);
      },
      body);
  return unflatten(sums, ValueRange(results).drop_front(control));
}

/// A block of keys, in shared memory at `base`, of which this warp's rows may
/// keep none.
void ForwardEmitter::visitOrPass(Sums &sums, const Sums *final,
                                 const Step &step, Value base) {
  if (!asksByWarp()) {
    visit(sums, final, step, base);
    return;
  }
  Values before = flatten(sums);
  Values after = ir.ifElse(
      TypeRange(ValueRange(before)), step.isEmpty(ir), [&] { return before; },
      [&] {
        Sums inner = sums;
        visit(inner, final, step, base);
        return flatten(inner);
      });
  sums = unflatten(sums, after);
}

/// One block of keys, in shared memory at `base`.
void ForwardEmitter::visit(Sums &sums, const Sums *final, const Step &step,
                           Value base) {
  sumsBefore.clear();
  Tiles scores = isF32() ? emitSplitScores(base) : emitScores(base);
  if (hasScore())
    applyScoreMod(scores, step.kv0(ir));
  else if (!hasSoftmax())
    scaleScores(scores);
  applyMask(scores, step);
  Tiles weights = scores;
  if (final)
    emitProbabilities(*final, weights);
  else if (hasSoftmax())
    emitSoftmax(sums, weights);
  else
    dropExcluded(weights);
  if (sums.acc.empty())
    return;
  if (hasProb())
    applyProbMod(weights, scores, step.kv0(ir));
  if (forward.getDropout())
    applyDropout(weights, step.kv0(ir));
  if (isF32())
    accumulateSplit(sums, weights, base);
  else
    accumulate(sums, weights, base);
}

} // namespace attnjit::nvptx
