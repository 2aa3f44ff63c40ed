//===- Wrappers.h - Mods made of other mods -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions that take a mask mod or a score mod and give it at other positions.
// For a score mod only the positions change: which keys are seen is a mask's
// matter. `q_local`, `kv_local` and `kvh` of the inner mod stay what they are.
// Defaults are those of the library's examples, `document_prefix_lm` and so on.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_WRAPPERS_H
#define ATTNJIT_MODS_WRAPPERS_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// The inner mask within each document: positions count from the document's
/// start, and other documents are not seen. `doc`: the document of each
/// position; `start`: where each document begins.
dsl::MaskMod perDocument(
    const dsl::MaskMod &inner,
    const dsl::Buffer<dsl::I32> &doc = dsl::buffer<dsl::I32>("doc", {dsl::any}),
    const dsl::Buffer<dsl::I32> &start = dsl::buffer<dsl::I32>("start",
                                                               {dsl::any}));
/// The inner score mod with positions that count from the document's start.
dsl::ScoreMod perDocument(
    const dsl::ScoreMod &inner,
    const dsl::Buffer<dsl::I32> &doc = dsl::buffer<dsl::I32>("doc", {dsl::any}),
    const dsl::Buffer<dsl::I32> &start = dsl::buffer<dsl::I32>("start",
                                                               {dsl::any}));

/// The inner mask over keys in pages of `page`, in the order that `logical`
/// restores: for each batch and page in memory its number in the sequence,
/// negative for a page of another one, which is not seen.
dsl::MaskMod paged(const dsl::MaskMod &inner, const dsl::I32 &page = 16,
                   const dsl::Buffer<dsl::I32> &logical =
                       dsl::buffer<dsl::I32>("logical", {dsl::B, dsl::any}));
/// The inner score mod with the positions of keys that `logical` restores.
dsl::ScoreMod paged(const dsl::ScoreMod &inner, const dsl::I32 &page = 16,
                    const dsl::Buffer<dsl::I32> &logical =
                        dsl::buffer<dsl::I32>("logical", {dsl::B, dsl::any}));

/// The inner mod for queries that are `offset` further on. A run's own offset
/// of positions does the same for all mods at once.
dsl::MaskMod offsetBy(const dsl::MaskMod &inner,
                      const dsl::I32 &offset = dsl::param<dsl::I32>("offset",
                                                                    0));
dsl::ScoreMod offsetBy(const dsl::ScoreMod &inner,
                       const dsl::I32 &offset = dsl::param<dsl::I32>("offset",
                                                                     0));

/// The inner mask within sequences of `length` that lie one behind the other;
/// other sequences are not seen.
dsl::MaskMod batchified(const dsl::MaskMod &inner,
                        const dsl::I32 &length = 1024);
/// The inner score mod with positions within sequences of `length`.
dsl::ScoreMod batchified(const dsl::ScoreMod &inner,
                         const dsl::I32 &length = 1024);

/// The mask as a score mod: -inf for keys that it does not keep. The compiler
/// finds such masks again and skips what they empty.
dsl::ScoreMod asScore(const dsl::MaskMod &mask);

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_WRAPPERS_H
