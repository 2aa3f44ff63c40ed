//===- Generation.h - Masks of models that generate in blocks -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors of masks for diffusion, drafts, frames and scales.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_GENERATION_H
#define ATTNJIT_MODS_GENERATION_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// BD3-LM: `len` noised positions, then `len` clean ones; blocks of `block`.
/// Noised blocks see themselves and the clean blocks before them; clean blocks
/// see the clean ones up to their own.
dsl::MaskMod blockDiffusion(const dsl::I32 &len = dsl::param<dsl::I32>("len",
                                                                       1024),
                            const dsl::I32 &block = 8);

/// The first `prefix` keys, and the query's own draft of `length`, causally.
/// Queries count from the first draft on, keys from the begin of the prefix.
dsl::MaskMod
parallelDrafts(const dsl::I32 &prefix = dsl::param<dsl::I32>("prefix", 128),
               const dsl::I32 &length = 8);

/// Context keys before the anchor of the query's block, and its own noise
/// block.
/// Queries count from the first block of noise on; keys are `context`
/// positions, then the blocks. `anchor`: first context position that each block
/// does not see; `keep`: whether a block takes part at all.
dsl::MaskMod anchoredBlocks(
    const dsl::I32 &context = dsl::param<dsl::I32>("context", 1024),
    const dsl::I32 &block = 16,
    const dsl::Buffer<dsl::I32> &anchor = dsl::buffer<dsl::I32>("anchor",
                                                                {dsl::any}),
    const dsl::Buffer<dsl::Bool> &keep = dsl::buffer<dsl::Bool>("keep",
                                                                {dsl::any}));

/// Keys before the end of the query's frame, the end excluded: kv < ends[q].
dsl::MaskMod frameCausal(const dsl::Buffer<dsl::I32> &ends =
                             dsl::buffer<dsl::I32>("ends", {dsl::any}));

/// A position sees its own scale and coarser ones: level[kv] <= level[q].
dsl::MaskMod
multiScale(const dsl::Buffer<dsl::I32> &level =
               dsl::buffer<dsl::I32>("level", {dsl::any}).sorted());

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_GENERATION_H
