//===- Documents.h - Masks of packed, padded and mixed sequences ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors of masks by what a position belongs to. A table of ids may be
// [S], [B, S] or [B, Hq, S] wherever one is taken; S covers the whole sequence,
// and is read at the positions q and kv.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_DOCUMENTS_H
#define ATTNJIT_MODS_DOCUMENTS_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// Positions see their own document: doc[q] == doc[kv], in any order of ids.
dsl::MaskMod documents(const dsl::Buffer<dsl::I32> &doc =
                           dsl::buffer<dsl::I32>("doc", {dsl::any}));

/// Positions see their own document, ids for each batch: doc[b, q] == doc[b,
/// kv].
dsl::MaskMod documentsPerBatch(const dsl::Buffer<dsl::I32> &doc =
                                   dsl::buffer<dsl::I32>("doc",
                                                         {dsl::B, dsl::any}));

/// Positions see their own document, ids for each batch and query head.
dsl::MaskMod
documentsPerHead(const dsl::Buffer<dsl::I32> &doc =
                     dsl::buffer<dsl::I32>("doc", {dsl::B, dsl::Hq, dsl::any}));

/// Positions see their own document; ids never decrease along the sequence.
dsl::MaskMod
packedDocuments(const dsl::Buffer<dsl::I32> &doc =
                    dsl::buffer<dsl::I32>("doc", {dsl::any}).sorted());

/// Causal from the start of the query's document on: start[doc[q]] <= kv <= q.
dsl::MaskMod
packedCausal(const dsl::Buffer<dsl::I32> &doc =
                 dsl::buffer<dsl::I32>("doc", {dsl::any}).sorted(),
             const dsl::Buffer<dsl::I32> &start =
                 dsl::buffer<dsl::I32>("start", {dsl::any}).sorted());

/// Ragged batches in one memory: ids are read start[b] + position from its
/// begin.
dsl::MaskMod packedVarlen(
    const dsl::Buffer<dsl::I32> &startQ =
        dsl::buffer<dsl::I32>("start_q", {dsl::any}).sorted(),
    const dsl::Buffer<dsl::I32> &startKv =
        dsl::buffer<dsl::I32>("start_kv", {dsl::any}).sorted(),
    const dsl::Buffer<dsl::I32> &docQ = dsl::buffer<dsl::I32>("doc_q",
                                                              {dsl::any}),
    const dsl::Buffer<dsl::I32> &docKv = dsl::buffer<dsl::I32>("doc_kv",
                                                               {dsl::any}));

/// The first `kv_len[b]` keys of each batch: kv < kv_len[b].
dsl::MaskMod keyPadding(const dsl::Buffer<dsl::I32> &kvLen =
                            dsl::buffer<dsl::I32>("kv_len", {dsl::B}));

/// Real keys for real queries, others see none: kv < kv_len[b] and q <
/// q_len[b].
dsl::MaskMod lengthPadding(
    const dsl::Buffer<dsl::I32> &qLen = dsl::buffer<dsl::I32>("q_len",
                                                              {dsl::B}),
    const dsl::Buffer<dsl::I32> &kvLen = dsl::buffer<dsl::I32>("kv_len",
                                                               {dsl::B}));

/// Queries within the interval of the key's image, its end excluded.
dsl::MaskMod flamingo(const dsl::Buffer<dsl::I32> &image =
                          dsl::buffer<dsl::I32>("image", {dsl::any}),
                      const dsl::Buffer<dsl::I32> &interval =
                          dsl::buffer<dsl::I32>("interval", {dsl::any, 2}));

/// Causal, and all positions of an image see each other; text has negative ids.
dsl::MaskMod interleaved(const dsl::Buffer<dsl::I32> &image =
                             dsl::buffer<dsl::I32>("image",
                                                   {dsl::B, dsl::any}));

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_DOCUMENTS_H
