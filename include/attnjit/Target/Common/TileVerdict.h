//===- TileVerdict.h - What bounds prove of tiles ---------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How kernels add to what the bounds region says of a tile: by the parts of a
// tile that lies across the mask's cuts, and by the mask tensor.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_COMMON_TILEVERDICT_H
#define ATTNJIT_TARGET_COMMON_TILEVERDICT_H

#include "attnjit/Analysis/TileCuts.h"
#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Target/Common/Ir.h"
#include "attnjit/Target/Common/KernelInputs.h"

#include <vector>

namespace attnjit::codegen {

/// What the bounds prove of a tile; i1.
struct TileVerdict {
  mlir::Value empty, full;
};

/// Local rows, i64, ends included.
struct TileCorners {
  mlir::Value qFirst, qLast, kvFirst, kvLast;
};

/// The cuts by which tiles of at most `queries` by `keys` have no more than
/// `mostParts` parts.
std::vector<TileCut> cutsOf(attn::ForwardOp forward, int64_t queries,
                            int64_t keys, int64_t mostParts);

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

} // namespace attnjit::codegen

#endif // ATTNJIT_TARGET_COMMON_TILEVERDICT_H
