//===- Sparse.h - Masks that a table or a hash decides --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors of masks by blocks, graphs, rectangles and chance. Where a
// reduction runs over the last axis of a table, that axis has a fixed size;
// with another one the mod is an Error when it is built.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_SPARSE_H
#define ATTNJIT_MODS_SPARSE_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// Blocks at most `window` apart, the first `global`, and listed ones: BigBird.
dsl::MaskMod bigbird(const dsl::I32 &block = 64, const dsl::I32 &global = 1,
                     const dsl::I32 &window = dsl::param<dsl::I32>("window", 1),
                     const dsl::Buffer<dsl::I32> &random =
                         dsl::buffer<dsl::I32>("random", {dsl::any, 3}));

/// BigBird with its random blocks in a map; the window is |q - kv| <= radius.
dsl::MaskMod
bigbirdMap(const dsl::I32 &block = 64, const dsl::I32 &global = 1,
           const dsl::I32 &radius = dsl::param<dsl::I32>("radius", 64),
           const dsl::Buffer<dsl::Bool> &map =
               dsl::buffer<dsl::Bool>("map", {dsl::any, dsl::any}));

/// Blocks of queries see the 4 blocks of keys in their list; -1 for none.
/// The last axis of `top` may have another fixed size.
dsl::MaskMod
topkBlocks(const dsl::I32 &block = 64,
           const dsl::Buffer<dsl::I32> &top =
               dsl::buffer<dsl::I32>("top", {dsl::B, dsl::Hq, dsl::any, 4}));

/// Blocks of queries see the blocks of keys that the map marks for them.
dsl::MaskMod blockMap(const dsl::I32 &block = 64,
                      const dsl::Buffer<dsl::Bool> &map =
                          dsl::buffer<dsl::Bool>("map", {dsl::B, dsl::Hq,
                                                         dsl::any, dsl::any}));

/// The first `size[n]` keys of block n are real: kv % block < size[kv //
/// block].
dsl::MaskMod blockSizes(const dsl::I32 &block = 64,
                        const dsl::Buffer<dsl::I32> &size =
                            dsl::buffer<dsl::I32>("size", {dsl::any}));

/// Node q sees node kv where the graph has an edge from q to kv.
dsl::MaskMod graphEdges(const dsl::Buffer<dsl::Bool> &edge =
                            dsl::buffer<dsl::Bool>("edge",
                                                   {dsl::any, dsl::any}));

/// Positions see those of adjacent cells: edge[cell[q], cell[kv]].
dsl::MaskMod graphCells(
    const dsl::Buffer<dsl::I32> &cell = dsl::buffer<dsl::I32>("cell",
                                                              {dsl::any}),
    const dsl::Buffer<dsl::Bool> &edge =
        dsl::buffer<dsl::Bool>("edge", {dsl::any, dsl::any}));

/// The union of 8 rectangles, ends excluded, each free or causal from its
/// corner.
/// A row of `rect`: first query, end of queries, first key, end of keys, and 0
/// for free. The first axis may have another fixed size.
dsl::MaskMod ranges(
    const dsl::Buffer<dsl::I32> &rect = dsl::buffer<dsl::I32>("rect", {8, 5}));

/// Keeps `share` of 65536 pairs, drawn by a hash of b, h, q, kv and `seed`.
dsl::MaskMod randomMask(const dsl::I32 &seed = dsl::param<dsl::I32>("seed", 1),
                        const dsl::I32 &share = dsl::param<dsl::I32>("share",
                                                                     58982));

/// Queries whose number is not negative see all keys, the others none.
dsl::MaskMod markedQueries(const dsl::Buffer<dsl::F32> &number =
                               dsl::buffer<dsl::F32>("number", {dsl::any}));

/// The first `text` tokens see and are seen by all, others where |q - kv| <
/// band.
/// The band is `frames` frames of `frame` tokens, cut to whole blocks of 128.
dsl::MaskMod
svgSpatial(const dsl::I32 &text = dsl::param<dsl::I32>("text", 226),
           const dsl::I32 &frame = dsl::param<dsl::I32>("frame", 1350),
           const dsl::F32 &frames = dsl::param<dsl::F32>("frames", 1.5));

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_SPARSE_H
