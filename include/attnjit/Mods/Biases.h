//===- Biases.h - Score mods that add -------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors of biases: by distance, by position, from tables. Positions of
// the whole sequence index tables of any size (`?`); rows of the tensors at
// hand those of size Sq and Skv.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_BIASES_H
#define ATTNJIT_MODS_BIASES_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

//===----------------------------------------------------------------------===//
// Distances
//===----------------------------------------------------------------------===//

/// Adds the signed distance: score + (q - kv).
dsl::ScoreMod relative();

/// Adds a multiple of the distance: score + factor * |q - kv|.
dsl::ScoreMod
absRelative(const dsl::F32 &factor = dsl::param<dsl::F32>("factor", 1.0));

/// Adds the distance, at most `limit`: score + min(|q - kv|, limit).
dsl::ScoreMod
clampedRelative(const dsl::I32 &limit = dsl::param<dsl::I32>("limit", 256));

//===----------------------------------------------------------------------===//
// ALiBi, whose sign differs between libraries
//===----------------------------------------------------------------------===//

/// The table of slopes that the constructors below take by default, at h:
/// f32[Hq].
dsl::F32 tableOfSlopes();

/// The slopes of the paper for a power of two of heads: 2^(-8 (h + 1) / Hq),
/// where Hq counts the heads of all shards.
dsl::F32 computedSlopes();

/// ALiBi on both sides, slopes positive: score - slopes[h] * |q - kv|.
dsl::ScoreMod alibi(const dsl::F32 &slope = tableOfSlopes());

/// ALiBi that raises later keys, slopes positive: score + slopes[h] * (kv - q).
dsl::ScoreMod alibiSigned(const dsl::F32 &slope = tableOfSlopes());

/// ALiBi for tables of negative slopes: score + slopes[h] * (q - kv).
dsl::ScoreMod alibiReversed(const dsl::F32 &slope = tableOfSlopes());

/// alibi_signed with slopes 2^(-8 (h + 1) / Hq) computed from the head.
dsl::ScoreMod alibiComputed();

/// ALiBi in the root of the distance, for keys at or before the query alone.
dsl::ScoreMod alibiSqrt(const dsl::F32 &slope = tableOfSlopes());

//===----------------------------------------------------------------------===//
// Trained tables of distances
//===----------------------------------------------------------------------===//

/// T5's bias of both directions: half of the buckets for keys behind the query.
/// Distances below buckets / 4 have a bucket each, larger ones share
/// logarithmic ones up to `maxDistance`. `table`: f32[buckets, Hq].
dsl::ScoreMod
t5Buckets(const dsl::I32 &buckets = 32, const dsl::F32 &maxDistance = 128.0,
          const dsl::Buffer<dsl::F32> &table =
              dsl::buffer<dsl::F32>("table", {32, dsl::Hq}).grad());

/// T5's bias of a decoder: keys behind the query share the bucket of distance
/// 0.
/// Distances below buckets / 2 have a bucket each, larger ones share
/// logarithmic ones up to `maxDistance`. `table`: f32[buckets, Hq].
dsl::ScoreMod
t5BucketsCausal(const dsl::I32 &buckets = 32,
                const dsl::F32 &maxDistance = 128.0,
                const dsl::Buffer<dsl::F32> &table =
                    dsl::buffer<dsl::F32>("table", {32, dsl::Hq}).grad());

/// A bias by the bucket of q - kv: table[bucket[q - kv + reach], h].
dsl::ScoreMod bucketedBias(
    const dsl::I32 &reach = dsl::param<dsl::I32>("reach", 1023),
    const dsl::Buffer<dsl::I32> &bucket = dsl::buffer<dsl::I32>("bucket",
                                                                {dsl::any}),
    const dsl::Buffer<dsl::F32> &table =
        dsl::buffer<dsl::F32>("table", {dsl::any, dsl::Hq}).grad());

/// A bias for each head and each distance q - kv from -reach to reach - 1.
/// `table`: f32[Hq, 2 * reach].
dsl::ScoreMod
relativeTable(const dsl::I32 &reach = 128,
              const dsl::Buffer<dsl::F32> &table =
                  dsl::buffer<dsl::F32>("table", {dsl::Hq, 256}).grad());

/// One bias for all heads and each distance q - kv from -reach to reach - 1.
/// `table`: f32[2 * reach].
dsl::ScoreMod
relativeTableShared(const dsl::I32 &reach = 128,
                    const dsl::Buffer<dsl::F32> &table =
                        dsl::buffer<dsl::F32>("table", {256}).grad());

/// A curve of the distance, scaled by head: curve[q - kv + Skv - 1] *
/// factor[h].
dsl::ScoreMod sandwich(
    const dsl::Buffer<dsl::F32> &curve = dsl::buffer<dsl::F32>("curve",
                                                               {dsl::any}),
    const dsl::Buffer<dsl::F32> &factor = dsl::buffer<dsl::F32>("factor",
                                                                {dsl::Hq}));

/// Swin's bias for the offset of two pixels in their window, by row, then
/// column.
/// `table`: f32[(2 * window - 1)^2, Hq]. Positions are those of one window.
dsl::ScoreMod
swinBias(const dsl::I32 &window = 8,
         const dsl::Buffer<dsl::F32> &table =
             dsl::buffer<dsl::F32>("table", {225, dsl::Hq}).grad());

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

/// A bias for the distance of two nodes in a graph: table[h, distance[b, q,
/// kv]].
dsl::ScoreMod graphormerSpatial(
    const dsl::Buffer<dsl::I32> &distance =
        dsl::buffer<dsl::I32>("distance", {dsl::B, dsl::Sq, dsl::Skv}),
    const dsl::Buffer<dsl::F32> &table =
        dsl::buffer<dsl::F32>("table", {dsl::Hq, dsl::any}).grad());

/// The mean of the biases of the first 4 edges on the path between two nodes.
/// The last axis of `edge` may have another fixed size.
dsl::ScoreMod graphormerEdges(
    const dsl::Buffer<dsl::I32> &edge =
        dsl::buffer<dsl::I32>("edge", {dsl::B, dsl::Sq, dsl::Skv, 4}),
    const dsl::Buffer<dsl::I32> &length =
        dsl::buffer<dsl::I32>("length", {dsl::B, dsl::Sq, dsl::Skv}),
    const dsl::Buffer<dsl::F32> &table =
        dsl::buffer<dsl::F32>("table", {dsl::Hq, 4, dsl::any}).grad());

//===----------------------------------------------------------------------===//
// Biases by head, batch, row and pair
//===----------------------------------------------------------------------===//

/// A bias for each query head: score + bias[h].
dsl::ScoreMod headBias(const dsl::Buffer<dsl::F32> &bias =
                           dsl::buffer<dsl::F32>("bias", {dsl::Hq}).grad());

/// A bias for each batch: score + bias[b].
dsl::ScoreMod batchBias(const dsl::Buffer<dsl::F32> &bias =
                            dsl::buffer<dsl::F32>("bias", {dsl::B}).grad());

/// A bias for each query, by its row in the tensors: score + bias[q_local].
dsl::ScoreMod queryBias(const dsl::Buffer<dsl::F32> &bias =
                            dsl::buffer<dsl::F32>("bias", {dsl::Sq}).grad());

/// A bias for each key, by its row in the tensors: score + bias[kv_local].
dsl::ScoreMod keyBias(const dsl::Buffer<dsl::F32> &bias =
                          dsl::buffer<dsl::F32>("bias", {dsl::Skv}).grad());

/// A bias for each pair, by its rows: score + bias[q_local, kv_local].
dsl::ScoreMod
queryKeyBias(const dsl::Buffer<dsl::F32> &bias =
                 dsl::buffer<dsl::F32>("bias", {dsl::Sq, dsl::Skv}).grad());

/// A bias for each batch, head and pair of rows in the tensors, as in
/// AlphaFold.
dsl::ScoreMod
pairBias(const dsl::Buffer<dsl::F32> &bias =
             dsl::buffer<dsl::F32>("bias", {dsl::B, dsl::Hq, dsl::Sq, dsl::Skv})
                 .grad());

/// A bias for each batch, head and key, by its row: score + bias[b, h,
/// kv_local].
dsl::ScoreMod dynamicMaskBias(
    const dsl::Buffer<dsl::F32> &bias =
        dsl::buffer<dsl::F32>("bias", {dsl::B, dsl::Hq, dsl::Skv}).grad());

/// A bias for each head and one for each query: score + head[h] +
/// query[q_local].
dsl::ScoreMod
headQueryBias(const dsl::Buffer<dsl::F32> &head =
                  dsl::buffer<dsl::F32>("head", {dsl::Hq}).grad(),
              const dsl::Buffer<dsl::F32> &query =
                  dsl::buffer<dsl::F32>("query", {dsl::Sq}).grad());

/// One bias per position, for query and key: score + bias[q] + bias[kv].
dsl::ScoreMod
positionBias(const dsl::Buffer<dsl::F32> &bias =
                 dsl::buffer<dsl::F32>("bias", {dsl::any}).grad());

/// A bias per token of ragged batches: bias[start[b] + min(kv, len[b] - 1)].
dsl::ScoreMod packedBias(
    const dsl::Buffer<dsl::F32> &bias = dsl::buffer<dsl::F32>("bias",
                                                              {dsl::any}),
    const dsl::Buffer<dsl::I32> &start =
        dsl::buffer<dsl::I32>("start", {dsl::any}).sorted(),
    const dsl::Buffer<dsl::I32> &len = dsl::buffer<dsl::I32>("len", {dsl::B}));

/// A bias for causal keys at most `reach` away in memory, -inf for the others.
dsl::ScoreMod conditionalBias(
    const dsl::I32 &reach = dsl::param<dsl::I32>("reach", 512),
    const dsl::Buffer<dsl::F32> &bias = dsl::buffer<dsl::F32>("bias",
                                                              {dsl::any}),
    const dsl::Buffer<dsl::I32> &startQ =
        dsl::buffer<dsl::I32>("start_q", {dsl::any}).sorted(),
    const dsl::Buffer<dsl::I32> &startKv =
        dsl::buffer<dsl::I32>("start_kv", {dsl::any}).sorted());

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_BIASES_H
