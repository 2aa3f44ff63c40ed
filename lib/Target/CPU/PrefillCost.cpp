//===- PrefillCost.cpp - How much work an item of prefill is --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Beside a kernel with tile bounds stands a function that counts what its work
// items compute: the same decisions, without what they are about. So a run can
// begin with what takes long.
//
//===----------------------------------------------------------------------===//

#include "PrefillEmitter.h"

using namespace mlir;

namespace attnjit::cpu {

/// Counts the strips of an item by the blocks of keys that they compute.
void PrefillEmitter::emitCostFunction(StringRef name) {
  emitForItems(
      name, /*open=*/[] {},
      [&] {
        item.mods->emitReady(forward.getBounds());
        Value count = ir.at(in.itemCosts, ir.i32(), item.index);
        ir.store(ir.cI32(0), count);
        auto add = [&](Value more) {
          ir.store(ir.add(ir.load(ir.i32(), count), more), count);
        };
        emitKeys([&](Value kv0, Value full) {
          Value kvLast =
              ir.sub(ir.min(ir.add(kv0, s.blockKv), in.Skv), ir.cI64(1));
          ir.ifElse(
              {}, full,
              [&] {
                add(ir.trunc32(item.strips));
                return Ir::Values();
              },
              [&] {
                ir.loop(ir.cI64(0), item.strips, 1, [&](Value strip) {
                  Value first = ir.add(item.q0, ir.mul(strip, s.strip()));
                  Value empty = emitStripBounds(first, kv0, kvLast).empty;
                  add(ir.select(empty, ir.cI32(0), ir.cI32(1)));
                });
                return Ir::Values();
              });
        });
      });
}

} // namespace attnjit::cpu
