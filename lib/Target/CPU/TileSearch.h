//===- TileSearch.h - Which blocks of keys a kernel visits ------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How kernels ask the bounds region: of ranges of keys that are halved until
// they are empty, full or one block.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_CPU_TILESEARCH_H
#define ATTNJIT_LIB_TARGET_CPU_TILESEARCH_H

#include "attnjit/Target/Common/TileVerdict.h"

namespace attnjit::cpu {

using namespace codegen;

/// Visits the blocks of `block` keys, a power of two, from `begin` to `end` in
/// their order, but those of which `decide` proves that they are empty.
/// `decide` is asked of ranges of keys first..last: the largest first, halved
/// while nothing is proven of them, so that keys far from those that are kept
/// cost a few decisions altogether. Of one block that stays undecided
/// `decideBlock` is asked. `visit` gets the block's first key and whether it is
/// known to be full.
void emitKeySearch(
    Ir &ir, mlir::Value begin, mlir::Value end, int64_t block,
    llvm::function_ref<TileVerdict(mlir::Value first, mlir::Value last)> decide,
    llvm::function_ref<TileVerdict(mlir::Value first, mlir::Value last)>
        decideBlock,
    llvm::function_ref<void(mlir::Value first, mlir::Value full)> visit);

} // namespace attnjit::cpu

#endif // ATTNJIT_LIB_TARGET_CPU_TILESEARCH_H
