//===- Neighbourhood.h - Masks of neighbourhoods on a grid ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors of masks on sequences, images and videos whose tokens stand row
// by row. `neighbourhood` is one axis with all that NATTEN knows; a grid is a
// conjunction of axes, each at its coordinates.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_NEIGHBOURHOOD_H
#define ATTNJIT_MODS_NEIGHBOURHOOD_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// One axis of a neighbourhood. Sizes may be numbers or run-time values.
struct NeighbourhoodAxis {
  dsl::I32 q = dsl::q;   ///< coordinate of the query on this axis
  dsl::I32 kv = dsl::kv; ///< coordinate of the key
  dsl::I32 extent = {};  ///< number of coordinates; may be absent where causal
  dsl::I32 kernel;       ///< number of keys in a neighbourhood
  int dilation = 1;      ///< neighbours are equal modulo this
  int stride = 1;        ///< this many queries share a neighbourhood
  bool causal = false;   ///< no key is behind the query
};

/// The keys of the query's neighbourhood. Not causal: `kernel` keys around the
/// query, the larger half of an even kernel before it, moved inwards at both
/// ends. Causal: the last `kernel` ones up to the query. With a stride, those
/// of the group's leader: the query stride / 2 behind its first (causal: its
/// last), or the last of the axis. With a dilation all this holds among the
/// positions of the query's phase.
dsl::MaskMod neighbourhood(const NeighbourhoodAxis &axis);

/// `kernel` keys around the query, moved inwards at both ends of `extent`.
dsl::MaskMod natten1d(const dsl::I32 &extent = 1024,
                      const dsl::I32 &kernel = 7);

/// natten_1d among the positions equal to the query's modulo `dilation`.
dsl::MaskMod natten1dDilated(const dsl::I32 &extent = 1024,
                             const dsl::I32 &kernel = 7, int dilation = 4);

/// `stride` queries share the natten_1d window of the one in their middle.
dsl::MaskMod natten1dStrided(const dsl::I32 &extent = 1024,
                             const dsl::I32 &kernel = 8, int stride = 4);

/// The last `kernel` keys, the query's own included; fewer at the begin.
dsl::MaskMod natten1dCausal(const dsl::I32 &kernel = 7);

/// natten_1d in both directions of an image of `width` by `height`, row by row.
dsl::MaskMod natten2d(const dsl::I32 &width = 32, const dsl::I32 &height = 32,
                      const dsl::I32 &kernel = 7);

/// natten_2d with tokens ordered by tiles of `tile` by `tile` pixels, row by
/// row.
/// `width` and `height` are multiples of `tile`.
dsl::MaskMod natten2dTiled(const dsl::I32 &width = 32,
                           const dsl::I32 &height = 32,
                           const dsl::I32 &kernel = 7,
                           const dsl::I32 &tile = 8);

/// natten_1d in space, causal in time: frames of `height` rows of `width`
/// pixels.
/// `kernel` in space; `frames` in time, the query's own included.
dsl::MaskMod natten3d(const dsl::I32 &width = 16, const dsl::I32 &height = 8,
                      const dsl::I32 &kernel = 5, const dsl::I32 &frames = 3);

/// Pixels at most `radius` away in x and in y; the window shrinks at the
/// border.
dsl::MaskMod sasa2d(const dsl::I32 &width = 32, const dsl::I32 &radius = 3);

/// Windows of `window` by `window` pixels, shifted by `shift` without wrapping.
/// Position i is the pixel i of the image, before any cyclic shift.
dsl::MaskMod swinWindows(const dsl::I32 &width = 32, const dsl::I32 &window = 8,
                         const dsl::I32 &shift = 4);

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_NEIGHBOURHOOD_H
