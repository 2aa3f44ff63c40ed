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
// queries see a few in some hundred questions. All warps ask the same, of the
// queries of all: they visit the same blocks. Of prefill, each asks besides of
// its own queries, of 32 that two or four see of the keys at a diagonal or the
// end of a window: it computes nothing of a block that none of them keeps, and
// masks none that all of them do.
//
// A lane whose block stays undecided asks about its parts, where the mask has
// cuts.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

using namespace mlir;

namespace attnjit::nvptx {

/// Of a tile, of the block's and of the warp's. By counting instructions, a
/// block of threads computes one of 128 x 64 in some 3000 cycles, and each of
/// its warps decides a part of one in some 100. Not measured.
static constexpr int64_t kMostParts = 8;

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// `some` and `all` are words; their lowest bits count.
Value ForwardEmitter::pack(Value exists, Value kv0, Value some, Value all) {
  Value bits = ir.bitOr(ir.times(ir.bitAnd(some, ir.cI32(1)), 2),
                        ir.bitAnd(all, ir.cI32(1)));
  return ir.select(exists, ir.bitOr(kv0, bits), ir.cI32(-1));
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
    Value all = ir.select(isFull, ir.cI32(1), ir.cI32(0));
    return {pack(ir.lessThan(kv0, item.kvEnd), kv0, ir.cI32(1), all), nullptr,
            nullptr};
  }
  auto enterNext = [&] {
    Value slot = walkSlot();
    return enterNextChunk(ir.loadAligned(ir.i32(), slot, 4),
                          ir.loadAligned(ir.i32(), ir.offset(slot, 4), 4))
        .values();
  };
  Value left = ir.bitOr(step.some, step.all);
  auto stay = [&] {
    Value skipped = ir.lowestBit(left);
    Value next = ir.add(kv0, ir.times(ir.plus(skipped, 1), s.blockKv));
    return stepTo(ir.cI1(true), next, step.some, step.all, skipped).values();
  };
  SmallVector<Type> types(3, ir.i32());
  Values next = ir.ifElse(types, ir.isZero(left), enterNext, stay);
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
    return ir.bitAnd(ir.isZero(ir.bitOr(at.some, at.all)), more);
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

  Value blocks = ir.bitOr(walk.some, walk.all);
  Value bit = ir.modulo(ir.lowestBit(blocks), kWarpSize);
  Value block = ir.add(ir.times(walk.chunk, kWarpSize), bit);
  Value kv0 = ir.add(item.kvBegin, ir.times(block, s.blockKv));
  return stepTo(ir.isNonZero(blocks), kv0, walk.some, walk.all, bit);
}

/// The step to the block at kv0, of which bit `bit` of these words speaks.
ForwardEmitter::Step ForwardEmitter::stepTo(Value exists, Value kv0, Value some,
                                            Value all, Value bit) {
  some = ir.shiftRight(some, bit);
  all = ir.shiftRight(all, bit);
  Value one = ir.cI32(1);
  return {pack(exists, kv0, some, all), ir.shiftRight(some, one),
          ir.shiftRight(all, one)};
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

/// The first and the last query of the block, and of this warp's part of it.
/// A warp whose rows are all behind the end asks about the last one.
ForwardEmitter::Range ForwardEmitter::blockQueries() {
  return isDecode ? Range{item.qFirst, item.qLast}
                  : queriesFrom(keptQuery(kBlockQueryBytes), s.blockRows());
}

ForwardEmitter::Range ForwardEmitter::warpQueries() {
  return queriesFrom(keptQuery(kWarpQueryBytes), s.warpRows());
}

ForwardEmitter::Range ForwardEmitter::queriesFrom(Value first, int64_t count) {
  Value end = ir.plus(Sq, -1);
  return {ir.min(first, end), ir.min(ir.plus(first, count - 1), end)};
}

/// What the bounds prove of a tile of so many queries and keys, of its parts
/// where they prove nothing of the whole and the mask has cuts; nothing without
/// bounds.
TileVerdict ForwardEmitter::emitVerdict(const Range &queries, int64_t rows,
                                        const Range &keys, bool cutsTiles) {
  if (!boundsMask())
    return {ir.cI1(false), ir.cI1(forward.getMask().empty())};
  const TileCorners tile = {ir.wide(queries.first), ir.wide(queries.last),
                            ir.wide(keys.first), ir.wide(keys.last)};
  TileVerdict verdict = boundsVerdict(tile);
  std::vector<TileCut> cuts;
  if (cutsTiles)
    cuts = codegen::cutsOf(forward, rows, s.blockKv, kMostParts);
  if (cuts.empty())
    return verdict;
  Values found = ir.ifElse(
      {ir.i1(), ir.i1()}, ir.bitOr(verdict.empty, verdict.full),
      [&] { return Values{verdict.empty, verdict.full}; },
      [&] {
        TileVerdict parts = codegen::emitPartVerdicts(
            ir, cuts, tile, item.qOffset, item.kvOffset,
            [&](const TileCorners &part) { return boundsVerdict(part); });
        return Values{parts.empty, parts.full};
      });
  return {found[0], found[1]};
}

/// What the mask tensor says of these keys, to any query.
TileVerdict ForwardEmitter::tensorVerdict(const Range &keys) {
  TileVerdict verdict = {ir.cI1(false), ir.cI1(true)};
  if (!forward.getMaskTensor())
    return verdict;
  Value hFirst = ir.wide(isDecode ? ir.mul(item.kvh, item.group) : item.h);
  Value hLast =
      isDecode ? ir.plus(ir.add(hFirst, ir.wide(item.group)), -1) : hFirst;
  return codegen::joinMaskTensor(ir, in, verdict, ir.wide(item.b), hFirst,
                                 hLast, ir.wide(keys.first),
                                 ir.wide(keys.last));
}

/// `count` keys from `first` on, or fewer at the end.
ForwardEmitter::Range ForwardEmitter::keysFrom(Value first, int64_t count) {
  Value isEnd = ir.cmp(Ir::Pred::sle, ir.sub(item.kvEnd, first),
                       ir.cI32(static_cast<int32_t>(count)));
  return {first,
          ir.select(isEnd, ir.plus(item.kvEnd, -1), ir.plus(first, count - 1))};
}

/// A bit for each chunk of a group that may keep a pair.
Value ForwardEmitter::chunksOfGroup(Value group) {
  const int64_t count = kWarpSize * s.blockKv;
  Value chunk = ir.add(ir.times(group, kWarpSize), thread.lane);
  Value exists = ir.lessThan(chunk, ir.overUp(keyCount(), count));
  const Range keys =
      keysFrom(ir.add(item.kvBegin, ir.times(chunk, count)), count);
  Value empty = emitVerdict(blockQueries(), s.blockRows(), keys, false).empty;
  empty = ir.bitOr(empty, tensorVerdict(keys).empty);
  return ir.ballot(ir.bitAnd(exists, ir.isFalse(empty)));
}

/// Which blocks of the walk's chunk may keep a pair, which keep all.
void ForwardEmitter::askBlocks(Walk &walk) {
  Value block = ir.add(ir.times(walk.chunk, kWarpSize), thread.lane);
  Value exists = ir.lessThan(block, ir.overUp(keyCount(), s.blockKv));
  Value first = ir.add(item.kvBegin, ir.times(block, s.blockKv));
  Value isWhole = ir.cmp(Ir::Pred::sge, ir.sub(item.kvEnd, first),
                         ir.cI32(static_cast<int32_t>(s.blockKv)));
  const Range keys = keysFrom(first, s.blockKv);
  const TileVerdict tensor = tensorVerdict(keys);
  TileVerdict verdict = emitVerdict(blockQueries(), s.blockRows(), keys, true);
  Value empty = ir.bitOr(verdict.empty, tensor.empty);
  Value visited = ir.bitAnd(exists, ir.isFalse(empty));
  Value some = visited;
  if (asksByWarp()) {
    verdict = emitVerdict(warpQueries(), s.warpRows(), keys, true);
    Value rowsExist = ir.lessThan(keptQuery(kWarpQueryBytes), Sq);
    some = ir.bitAnd(ir.bitAnd(visited, rowsExist), ir.isFalse(verdict.empty));
  }
  Value full = ir.bitAnd(isWhole, ir.bitAnd(verdict.full, tensor.full));
  walk.some = ir.ballot(some);
  walk.all = ir.ballot(ir.bitAnd(visited, ir.bitOr(ir.isFalse(some), full)));
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
