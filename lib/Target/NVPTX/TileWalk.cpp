//===- TileWalk.cpp - Which blocks of keys a GPU kernel visits ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bounds of the mask are asked for 32 blocks at once, one a lane; a vote
// gives the answers to all as a word. Before the blocks of a chunk, chunks are
// asked in the same way, so that a kernel crosses a million keys of which its
// queries see a few in some hundred questions. All warps ask the same.
//
// A lane whose block stays undecided asks about its parts, where the mask has
// cuts.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

using namespace mlir;

namespace attnjit::nvptx {

/// By counting instructions, a block of threads computes a tile of 128 x 64 in
/// some 3000 cycles, and each of its warps decides a part of one in some 100.
/// Not measured.
static constexpr int64_t kMostParts = 8;

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

Value ForwardEmitter::pack(Value exists, Value kv0, Value isFull) {
  Value packed = ir.bitOr(kv0, ir.select(isFull, ir.cI32(1), ir.cI32(0)));
  return ir.select(exists, packed, ir.cI32(-1));
}

ForwardEmitter::Step ForwardEmitter::firstStep() {
  if (!skipsBlocks())
    return nextStep({ir.plus(item.kvBegin, -s.blockKv), nullptr, nullptr});
  // As if the group before the first one had been visited.
  return enterNextChunk(ir.cI32(-1), ir.cI32(0));
}

ForwardEmitter::Step ForwardEmitter::nextStep(const Step &step) {
  Value kv0 = step.kv0(ir);
  if (!skipsBlocks()) {
    // Every block.
    kv0 = ir.plus(kv0, s.blockKv);
    Value isWhole = ir.cmp(Ir::Pred::sge, ir.sub(item.kvEnd, kv0),
                           ir.cI32(static_cast<int32_t>(s.blockKv)));
    Value isFull = hasMask() ? ir.cI1(false) : isWhole;
    return {pack(ir.lessThan(kv0, item.kvEnd), kv0, isFull), nullptr, nullptr};
  }
  auto enterNext = [&] {
    Value slot = walkSlot();
    return enterNextChunk(ir.loadAligned(ir.i32(), slot, 4),
                          ir.loadAligned(ir.i32(), ir.offset(slot, 4), 4))
        .values();
  };
  auto stay = [&] {
    Value skipped = ir.lowestBit(step.left);
    Value full = ir.shiftRight(step.full, skipped);
    Value next = ir.add(kv0, ir.times(ir.plus(skipped, 1), s.blockKv));
    Value isFull = ir.bitAnd(full, ir.cI32(1));
    Value left = ir.shiftRight(step.left, skipped);
    return Values{ir.bitOr(next, isFull), ir.shiftRight(left, ir.cI32(1)),
                  ir.shiftRight(full, ir.cI32(1))};
  };
  SmallVector<Type> types(3, ir.i32());
  Values next = ir.ifElse(types, ir.isZero(step.left), enterNext, stay);
  return {next[0], next[1], next[2]};
}

/// A warp's own words in shared memory, for what changes once a chunk: with
/// sums and scores in registers there is no room for more.
Value ForwardEmitter::walkSlot() {
  return ir.offset(ir.offset(shared, s.walkOffset()),
                   ir.times(thread.warp, s.kWalkBytes));
}

/// The first step of the next chunk that may keep a pair.
ForwardEmitter::Step ForwardEmitter::enterNextChunk(Value group,
                                                    Value chunksLeft) {
  const int64_t groupKeys = kWarpSize * kWarpSize * s.blockKv;
  Value groups = ir.overUp(keyCount(), groupKeys);
  auto goesOn = [&](ValueRange values) {
    Walk at = Walk::of(values);
    Value more = ir.bitOr(ir.isNonZero(at.chunksLeft),
                          ir.lessThan(ir.plus(at.group, 1), groups));
    return ir.bitAnd(ir.isZero(at.blocks), more);
  };
  auto advance = [&](ValueRange values) {
    const Walk at = Walk::of(values);
    auto enterGroup = [&] {
      Walk next = at;
      next.group = ir.plus(at.group, 1);
      next.chunksLeft = chunksOfGroup(next.group);
      return next.values();
    };
    auto enterChunk = [&] {
      Walk next = at;
      next.chunk =
          ir.add(ir.times(at.group, kWarpSize), ir.lowestBit(at.chunksLeft));
      next.chunksLeft = ir.bitAnd(at.chunksLeft, ir.plus(at.chunksLeft, -1));
      askBlocks(next);
      return next.values();
    };
    return ir.ifElse(TypeRange(values), ir.isZero(at.chunksLeft), enterGroup,
                     enterChunk);
  };
  Value zero = ir.cI32(0);
  Walk walk = Walk::of(
      ir.whileLoop({group, chunksLeft, zero, zero, zero}, goesOn, advance));
  // All lanes have read before one writes, and it has written before they read
  // again.
  ir.syncWarp();
  ir.ifThen(ir.isZero(thread.lane), [&] {
    Value slot = walkSlot();
    ir.storeAligned(walk.group, slot, 4);
    ir.storeAligned(walk.chunksLeft, ir.offset(slot, 4), 4);
  });
  ir.syncWarp();

  Value bit = ir.modulo(ir.lowestBit(walk.blocks), kWarpSize);
  Value block = ir.add(ir.times(walk.chunk, kWarpSize), bit);
  Value kv0 = ir.add(item.kvBegin, ir.times(block, s.blockKv));
  Value full = ir.shiftRight(walk.full, bit);
  Value isFull = ir.isNonZero(ir.bitAnd(full, ir.cI32(1)));
  Value left = ir.shiftRight(ir.shiftRight(walk.blocks, bit), ir.cI32(1));
  return {pack(ir.isNonZero(walk.blocks), kv0, isFull), left,
          ir.shiftRight(full, ir.cI32(1))};
}

//===----------------------------------------------------------------------===//
// Asking the bounds
//===----------------------------------------------------------------------===//

/// Where rows are of several heads, bounds that depend on the head say nothing.
bool ForwardEmitter::boundsMask() {
  if (forward.getBounds().empty())
    return false;
  WalkResult walk = forward.getBounds().walk([](attn::PositionOp op) {
    return op.getPosition() == attn::Position::H ? WalkResult::interrupt()
                                                 : WalkResult::advance();
  });
  return !isDecode || !walk.wasInterrupted();
}

/// What the bounds of the mask prove of a tile.
TileVerdict ForwardEmitter::boundsVerdict(const TileCorners &tile) {
  ModEmitter mods = *item.mods;
  bindQueryCorners(ir, mods, tile.qFirst, tile.qLast, item.qOffset);
  bindKeyCorners(ir, mods, tile.kvFirst, tile.kvLast, item.kvOffset);
  SmallVector<Value> verdict = mods.emit(forward.getBounds());
  return {verdict[0], verdict[1]};
}

/// Whether the block's queries keep none, and whether they keep all of those
/// keys. `cuts` are those by which the tile is cut where that is not known.
TileVerdict ForwardEmitter::emitVerdict(Value kvFirst, Value kvLast,
                                        ArrayRef<TileCut> cuts) {
  Value qFirst = keptFirstQuery(), qLast = item.qLast;
  if (!isDecode)
    qLast = ir.min(ir.plus(qFirst, s.blockRows() - 1), ir.plus(Sq, -1));
  const TileCorners tile = {ir.wide(qFirst), ir.wide(qLast), ir.wide(kvFirst),
                            ir.wide(kvLast)};
  TileVerdict verdict = {ir.cI1(false), ir.cI1(forward.getMask().empty())};
  if (boundsMask()) {
    verdict = boundsVerdict(tile);
    if (!cuts.empty()) {
      Values found = ir.ifElse(
          {ir.i1(), ir.i1()}, ir.bitOr(verdict.empty, verdict.full),
          [&] { return Values{verdict.empty, verdict.full}; },
          [&] {
            TileVerdict parts = codegen::emitPartVerdicts(
                ir, cuts, tile, item.qOffset, item.kvOffset,
                [&](const TileCorners &part) { return boundsVerdict(part); });
            return Values{parts.empty, parts.full};
          });
      verdict = {found[0], found[1]};
    }
  }
  if (!forward.getMaskTensor())
    return verdict;
  Value hFirst = ir.wide(isDecode ? ir.mul(item.kvh, item.group) : item.h);
  Value hLast =
      isDecode ? ir.plus(ir.add(hFirst, ir.wide(item.group)), -1) : hFirst;
  return codegen::joinMaskTensor(ir, in, verdict, ir.wide(item.b), hFirst,
                                 hLast, tile.kvFirst, tile.kvLast);
}

/// The last key of a range that begins at `first`: of `count` keys, or fewer at
/// the end.
Value ForwardEmitter::lastKey(Value first, int64_t count) {
  Value isEnd = ir.cmp(Ir::Pred::sle, ir.sub(item.kvEnd, first),
                       ir.cI32(static_cast<int32_t>(count)));
  return ir.select(isEnd, ir.plus(item.kvEnd, -1), ir.plus(first, count - 1));
}

/// A bit for each chunk of a group that may keep a pair.
Value ForwardEmitter::chunksOfGroup(Value group) {
  const int64_t keys = kWarpSize * s.blockKv;
  Value chunk = ir.add(ir.times(group, kWarpSize), thread.lane);
  Value first = ir.add(item.kvBegin, ir.times(chunk, keys));
  Value exists = ir.lessThan(chunk, ir.overUp(keyCount(), keys));
  Value empty = emitVerdict(first, lastKey(first, keys), {}).empty;
  return ir.ballot(ir.bitAnd(exists, ir.isFalse(empty)));
}

/// Which blocks of the walk's chunk may keep a pair, which keep all.
void ForwardEmitter::askBlocks(Walk &walk) {
  Value block = ir.add(ir.times(walk.chunk, kWarpSize), thread.lane);
  Value first = ir.add(item.kvBegin, ir.times(block, s.blockKv));
  Value exists = ir.lessThan(block, ir.overUp(keyCount(), s.blockKv));
  const std::vector<TileCut> cuts =
      codegen::cutsOf(forward, s.blockRows(), s.blockKv, kMostParts);
  auto [empty, full] = emitVerdict(first, lastKey(first, s.blockKv), cuts);
  Value isWhole = ir.cmp(Ir::Pred::sge, ir.sub(item.kvEnd, first),
                         ir.cI32(static_cast<int32_t>(s.blockKv)));
  walk.blocks = ir.ballot(ir.bitAnd(exists, ir.isFalse(empty)));
  walk.full = ir.ballot(ir.bitAnd(ir.bitAnd(exists, isWhole), full));
}

//===----------------------------------------------------------------------===//
// Keys that no query keeps
//===----------------------------------------------------------------------===//

/// Whether a value of a region depends on which query it is computed for.
static bool dependsOnQuery(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  WalkResult walk = op->walk([](Operation *inner) {
    if (auto position = dyn_cast<attn::PositionOp>(inner))
      if (position.getPosition() == attn::Position::Q ||
          position.getPosition() == attn::Position::QLocal)
        return WalkResult::interrupt();
    for (Value operand : inner->getOperands())
      if (dependsOnQuery(operand))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return walk.wasInterrupted();
}

static void collectConjuncts(Value value, SmallVectorImpl<Value> &conjuncts) {
  auto apply = value.getDefiningOp<attn::ApplyOp>();
  if (apply && apply.getFn() == attn::Fn::And) {
    for (Value operand : apply.getOperands())
      collectConjuncts(operand, conjuncts);
    return;
  }
  conjuncts.push_back(value);
}

/// The conjuncts of the mask that do not depend on the query: of the keys that
/// they exclude, v must not be read, since 0 times what memory holds there need
/// not be 0.
void ForwardEmitter::planKeyConditions() {
  if (forward.getMask().empty())
    return;
  SmallVector<Value> conjuncts;
  collectConjuncts(forward.getMask().front().getTerminator()->getOperand(0),
                   conjuncts);
  for (Value conjunct : conjuncts)
    if (!dependsOnQuery(conjunct))
      keyConditions.push_back(conjunct);
}

bool ForwardEmitter::hasKeyConditions() {
  return !keyConditions.empty() || forward.getMaskTensor();
}

Value ForwardEmitter::isKeyKept(Value kvLocal) {
  Value kept = ir.cI1(true);
  if (!keyConditions.empty()) {
    ModEmitter mods = keyEmitter(kvLocal, nullptr);
    for (Value condition : keyConditions)
      kept = ir.bitAnd(kept, mods.emit(condition));
  }
  if (forward.getMaskTensor()) {
    // The tensor is the same for all rows where their strides are 0.
    Value ofKey = ir.isZero(in.mask.stride[2]);
    Value key = ir.min(kvLocal, ir.plus(Skv, -1));
    Value offset = ir.mul(ir.wide(key), in.mask.stride[3]);
    if (isDecode)
      ofKey = ir.bitAnd(ofKey, ir.isZero(in.mask.stride[1]));
    else
      offset = ir.add(offset, ir.mul(ir.wide(item.h), in.mask.stride[1]));
    Value loaded =
        ir.ifElse(
              ir.i1(), ofKey,
              [&] {
                return Values{ir.isNonZero(ir.loadAligned(
                    ir.b.getI8Type(), ir.offset(item.mask, offset), 1))};
              },
              [&] { return Values{ir.cI1(true)}; })
            .front();
    kept = ir.bitAnd(kept, loaded);
  }
  return kept;
}

} // namespace attnjit::nvptx
