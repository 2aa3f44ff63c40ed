//===- PrefillCost.cpp - How much work an item of prefill is --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Beside a kernel with tile bounds stands a function that estimates its work
// items: the bounds are asked about a few pieces of the keys, and those that
// are not proven empty are counted. So a run can begin with what takes long.
//
//===----------------------------------------------------------------------===//

#include "PrefillEmitter.h"

using namespace mlir;

namespace attnjit::cpu {

/// Pieces that the keys of an item are cut into: enough to tell items of one
/// run apart, few enough to be nothing beside the work itself.
static constexpr int64_t kPieces = 32;

void PrefillEmitter::emitCostFunction(StringRef name) {
  emitForItems(name, [&] {
    item.mods->emitReady(forward.getBounds());
    Value qLast = ir.min(ir.add(item.q0, s.blockQ - 1), item.lastRow);
    Value piece =
        ir.max(ir.divUp(in.Skv, ir.cI64(kPieces)), ir.cI64(s.blockKv));
    Value cost =
        ir.loop(ir.cI64(0), ir.divUp(in.Skv, piece), 1, {ir.cI32(0)},
                [&](Value i, ValueRange carried) {
                  Value first = ir.mul(i, piece);
                  Value last =
                      ir.sub(ir.min(ir.add(first, piece), in.Skv), ir.cI64(1));
                  Value empty = emitBounds(item.q0, qLast, first, last).empty;
                  return Ir::Values{
                      ir.select(empty, carried.front(),
                                ir.add(carried.front(), ir.cI32(1)))};
                })
            .front();
    ir.store(cost, ir.at(in.itemCosts, ir.i32(), item.index));
  });
}

} // namespace attnjit::cpu
