//===- Picture.h - A mask, a score mod or tiles, drawn ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a problem; gives the picture that `draw` writes: queries
// downwards, keys to the right, with axes and a legend. Where there are more
// pairs than pixels, a pixel stands for a square of pairs: regions that the
// tile bounds decide are filled as a whole, others are sampled, so that the
// work follows the pixels and not the pairs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_ATTNJIT_PICTURE_H
#define ATTNJIT_TOOLS_ATTNJIT_PICTURE_H

#include "Explanation.h"

#include "support/Drawing.h"

namespace attnjit::tool {

enum class PictureOf : uint8_t { Mask, Score, Tiles };

struct PictureOptions {
  PictureOf what = PictureOf::Mask;
  PlaneChoice plane;
  std::optional<TileSize> tile; ///< none: that of the kernel
  float score = 1;              ///< what the score mod is applied to
};

Expected<Drawing> drawMod(const ModProgram &mod, const Problem &problem,
                          const PictureOptions &options);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_ATTNJIT_PICTURE_H
