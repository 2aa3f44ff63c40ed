//===- TileSearch.cpp - Which blocks of keys a kernel visits --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileSearch.h"

#include <bit>
#include <cassert>

using namespace mlir;

namespace attnjit::cpu {

namespace {
/// One number each, as blocks.
struct SearchState {
  Value block;   ///< the next one
  Value span;    ///< blocks to be decided together, a power of two
  Value fullEnd; ///< blocks before it are known to be full
};
} // namespace

/// The least power of two that is `x`, 1 or more, or more than it.
static Value powerOfTwoFrom(Ir &ir, Value x) {
  Value zeros = LLVM::CountLeadingZerosOp::create(
      ir.b, ir.loc, ir.i64(), ir.sub(x, ir.cI64(1)), /*is_zero_poison=*/false);
  Value bits = ir.sub(ir.cI64(64), zeros);
  return arith::ShLIOp::create(ir.b, ir.loc, ir.cI64(1), bits);
}

/// A tree of ranges that is walked without a stack: after a range follows the
/// largest one that begins there, a node or a sibling of one of its ancestors.
void emitKeySearch(
    Ir &ir, Value begin, Value end, int64_t block,
    function_ref<TileVerdict(Value first, Value last)> decide,
    function_ref<TileVerdict(Value first, Value last)> decideBlock,
    function_ref<void(Value first, Value full)> visit) {
  assert(std::has_single_bit(static_cast<uint64_t>(block)) &&
         "blocks are halves of halves");
  Value blocks =
      ir.max(ir.divUp(ir.sub(end, begin), ir.cI64(block)), ir.cI64(0));
  Value top = powerOfTwoFrom(ir, ir.max(blocks, ir.cI64(1)));
  Value one = ir.cI64(1), lastKey = ir.sub(end, one);
  auto keyOf = [&](Value index) { return ir.add(begin, ir.mul(index, block)); };
  ir.whileLoop(
      {ir.cI64(0), top, ir.cI64(0)},
      [&](ValueRange state) { return ir.cmp(Ir::Pred::slt, state[0], blocks); },
      [&](ValueRange carried) {
        const SearchState state = {carried[0], carried[1], carried[2]};
        Value next = ir.add(state.block, state.span);
        Value first = keyOf(state.block);
        Value last = ir.min(ir.sub(keyOf(next), one), lastKey);
        Value isLeaf = ir.cmp(Ir::Pred::eq, state.span, one);
        auto values = [](const TileVerdict &verdict) {
          return Ir::Values{verdict.empty, verdict.full};
        };
        Value known = ir.cmp(Ir::Pred::slt, state.block, state.fullEnd);
        SmallVector<mlir::Type> types = {ir.i1(), ir.i1()};
        Ir::Values verdict = ir.ifElse(
            types, known,
            [&] { return Ir::Values{ir.cI1(false), ir.cI1(true)}; },
            [&] {
              TileVerdict range = decide(first, last);
              Value open = ir.bitAnd(
                  isLeaf, ir.isFalse(ir.bitOr(range.empty, range.full)));
              return ir.ifElse(
                  types, open, [&] { return values(decideBlock(first, last)); },
                  [&] { return values(range); });
            });
        Value empty = verdict[0], full = verdict[1];
        Value visited = ir.bitAnd(ir.isFalse(empty), ir.bitOr(full, isLeaf));
        ir.ifThen(visited, [&] { visit(first, full); });

        // Blocks of a range that is full are visited one by one.
        Value found = ir.bitAnd(full, ir.isFalse(known));
        Value fullEnd = ir.select(found, next, state.fullEnd);
        Value nextBlock = ir.select(
            empty, next,
            ir.select(visited, ir.add(state.block, one), state.block));
        Value largest = ir.bitAnd(nextBlock, ir.sub(ir.cI64(0), nextBlock));
        Value half = arith::ShRUIOp::create(ir.b, ir.loc, state.span, one);
        Value nextSpan = ir.select(ir.bitOr(empty, visited), largest, half);
        return Ir::Values{nextBlock, nextSpan, fullEnd};
      });
}

} // namespace attnjit::cpu
