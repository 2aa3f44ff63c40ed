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
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

using namespace mlir;

namespace attnjit::nvptx {

//===----------------------------------------------------------------------===//
// The state, in shared memory
//===----------------------------------------------------------------------===//

/// A warp's own words: with sums and scores in registers there is no room for
/// more, and these are touched once a block of keys.
Value ForwardEmitter::walkSlot() {
  return ir.offset(ir.offset(shared, s.walkOffset()),
                   ir.times(thread.warp, s.kWalkBytes));
}

ForwardEmitter::WalkState ForwardEmitter::loadWalk() {
  Value slot = walkSlot();
  Values values;
  for (int64_t i = 0; i < 5; ++i)
    values.push_back(ir.loadAligned(ir.i32(), ir.offset(slot, 4 * i), 4));
  return WalkState::of(values);
}

void ForwardEmitter::storeWalk(const WalkState &state) {
  // All lanes have read before one writes, and it has written before they read
  // again.
  ir.syncWarp();
  ir.ifThen(ir.isZero(thread.lane), [&] {
    Value slot = walkSlot();
    for (auto [i, value] : llvm::enumerate(state.values()))
      ir.storeAligned(value, ir.offset(slot, 4 * i), 4);
  });
  ir.syncWarp();
}

ForwardEmitter::Step ForwardEmitter::packStep(Value exists, Value kv0,
                                              Value isFull) {
  Value packed = ir.bitOr(kv0, ir.select(isFull, ir.cI32(1), ir.cI32(0)));
  return {ir.select(exists, packed, ir.cI32(-1))};
}

ForwardEmitter::Step ForwardEmitter::firstStep() {
  if (forward.getBounds().empty())
    return nextStep({ir.cI32(static_cast<int32_t>(-s.blockKv))});
  // As if the group before the first one had been visited.
  Value zero = ir.cI32(0);
  return advanceWalk({ir.cI32(-1), zero, zero, zero, zero});
}

ForwardEmitter::Step ForwardEmitter::nextStep(const Step &step) {
  if (!forward.getBounds().empty())
    return advanceWalk(loadWalk());
  // Every block.
  Value kv0 = ir.plus(step.kv0(ir), s.blockKv);
  Value isWhole = ir.cmp(Ir::Pred::sge, ir.sub(item.kvEnd, kv0),
                         ir.cI32(static_cast<int32_t>(s.blockKv)));
  return packStep(ir.lessThan(kv0, item.kvEnd), kv0,
                  hasMask() ? ir.cI1(false) : isWhole);
}

//===----------------------------------------------------------------------===//
// Asking the bounds
//===----------------------------------------------------------------------===//

/// Whether the mask is false, and whether it is true, for all pairs of the
/// block's queries and those keys.
std::pair<Value, Value> ForwardEmitter::emitBounds(Value kvFirst,
                                                   Value kvLast) {
  ModEmitter mods = *item.mods;
  Value qLast = ir.min(ir.plus(item.q0, s.blockRows() - 1), ir.plus(Sq, -1));
  bindQueryCorners(ir, mods, ir.wide(item.q0), ir.wide(qLast), item.qOffset);
  bindKeyCorners(ir, mods, ir.wide(kvFirst), ir.wide(kvLast), item.kvOffset);
  SmallVector<Value> verdict = mods.emit(forward.getBounds());
  // A mask tensor can empty pairs that the mask expression keeps.
  return {verdict[0], forward.getMaskTensor() ? ir.cI1(false) : verdict[1]};
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
  Value first = ir.times(chunk, keys);
  Value exists = ir.lessThan(chunk, ir.overUp(item.kvEnd, keys));
  Value empty = emitBounds(first, lastKey(first, keys)).first;
  return ir.ballot(ir.bitAnd(exists, ir.isFalse(empty)));
}

void ForwardEmitter::enterChunk(WalkState &state) {
  Value block = ir.add(ir.times(state.chunk, kWarpSize), thread.lane);
  Value first = ir.times(block, s.blockKv);
  Value exists = ir.lessThan(block, ir.overUp(item.kvEnd, s.blockKv));
  auto [empty, full] = emitBounds(first, lastKey(first, s.blockKv));
  Value isWhole = ir.cmp(Ir::Pred::sge, ir.sub(item.kvEnd, first),
                         ir.cI32(static_cast<int32_t>(s.blockKv)));
  state.blocksLeft = ir.ballot(ir.bitAnd(exists, ir.isFalse(empty)));
  state.full = ir.ballot(ir.bitAnd(ir.bitAnd(exists, isWhole), full));
}

/// The next block of keys to visit; stores what is left then.
ForwardEmitter::Step ForwardEmitter::advanceWalk(WalkState state) {
  const int64_t groupKeys = kWarpSize * kWarpSize * s.blockKv;
  Value groups = ir.overUp(item.kvEnd, groupKeys);
  auto goesOn = [&](ValueRange values) {
    WalkState at = WalkState::of(values);
    Value more = ir.bitOr(ir.isNonZero(at.chunksLeft),
                          ir.lessThan(ir.plus(at.group, 1), groups));
    return ir.bitAnd(ir.isZero(at.blocksLeft), more);
  };
  auto advance = [&](ValueRange values) {
    const WalkState at = WalkState::of(values);
    auto enterNextGroup = [&] {
      WalkState next = at;
      next.group = ir.plus(at.group, 1);
      next.chunksLeft = chunksOfGroup(next.group);
      return next.values();
    };
    auto enterNextChunk = [&] {
      WalkState next = at;
      next.chunk =
          ir.add(ir.times(at.group, kWarpSize), ir.lowestBit(at.chunksLeft));
      next.chunksLeft = ir.bitAnd(at.chunksLeft, ir.plus(at.chunksLeft, -1));
      enterChunk(next);
      return next.values();
    };
    return ir.ifElse(TypeRange(values), ir.isZero(at.chunksLeft),
                     enterNextGroup, enterNextChunk);
  };
  Values values = ir.whileLoop(state.values(), goesOn, advance);
  state = WalkState::of(values);
  Value exists = ir.isNonZero(state.blocksLeft);
  Value bit = ir.modulo(ir.lowestBit(state.blocksLeft), kWarpSize);
  Value isFull = ir.bitAnd(state.full, ir.shiftLeft(ir.cI32(1), bit));
  Value block = ir.add(ir.times(state.chunk, kWarpSize), bit);
  state.blocksLeft = ir.bitAnd(state.blocksLeft, ir.plus(state.blocksLeft, -1));
  storeWalk(state);
  return packStep(exists, ir.times(block, s.blockKv), ir.isNonZero(isFull));
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
    // The tensor is the same for all queries where its stride is 0.
    Value ofKey = ir.isZero(in.mask.stride[2]);
    Value key = ir.min(kvLocal, ir.plus(Skv, -1));
    Value offset = ir.mul(ir.wide(key), in.mask.stride[3]);
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
