//===- TileSearch.h - Which blocks of keys a kernel visits ------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How kernels ask the bounds region: of ranges of keys that are halved until
// they are empty, full or one block; and of the parts of a tile that lies
// across the mask's cuts.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_CPU_TILESEARCH_H
#define ATTNJIT_LIB_TARGET_CPU_TILESEARCH_H

#include "attnjit/Analysis/TileCuts.h"
#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Target/Common/Ir.h"
#include "attnjit/Target/Common/KernelInputs.h"

#include <vector>

namespace attnjit::cpu {

using namespace codegen;

/// What the bounds prove of a tile; i1.
struct TileVerdict {
  mlir::Value empty, full;
};

/// Local rows, i64, ends included.
struct TileCorners {
  mlir::Value qFirst, qLast, kvFirst, kvLast;
};

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

/// The cuts by which tiles of at most `queries` by `keys` are worth cutting.
std::vector<TileCut> cutsOf(attn::ForwardOp forward, int64_t queries,
                            int64_t keys);

/// What `decide` proves of each part of a tile of which it proves nothing as a
/// whole; nothing without cuts. Offsets, i32, are what positions are above
/// rows.
TileVerdict emitPartVerdicts(
    Ir &ir, llvm::ArrayRef<TileCut> cuts, const TileCorners &tile,
    mlir::Value qOffset, mlir::Value kvOffset,
    llvm::function_ref<TileVerdict(const TileCorners &part)> decide);

/// A verdict of the bounds about the keys kvFirst..kvLast, with what the mask
/// tensor says of them. `b` and the heads hFirst..hLast are local, i64.
TileVerdict joinMaskTensor(Ir &ir, const KernelInputs &in, TileVerdict verdict,
                           mlir::Value b, mlir::Value hFirst, mlir::Value hLast,
                           mlir::Value kvFirst, mlir::Value kvLast);

} // namespace attnjit::cpu

#endif // ATTNJIT_LIB_TARGET_CPU_TILESEARCH_H
