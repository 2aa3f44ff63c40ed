//===- Shape.cpp - What a run of a mod can look like ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The levels of every factor.
//
//===----------------------------------------------------------------------===//

#include "Shape.h"

#include "Pairwise.h"

#include "attnjit/Reference/ErrorBound.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

using namespace attnjit;
using namespace attnjit::test;

std::string Shape::describe() const {
  static constexpr const char *kOffsets[] = {"none", "scalar", "per batch",
                                             "before"};
  static constexpr const char *kScales[] = {"default", "zero", "negative",
                                            "large"};
  static constexpr const char *kMasks[] = {"none", "per key", "per pair",
                                           "full", "per row"};
  static constexpr const char *kLayouts[] = {
      "BHSD",     "BSHD", "padded", "fused", "k and v of one batch entry",
      "backwards"};
  static constexpr const char *kData[] = {"normal", "rising", "falling"};
  static constexpr const char *kDrops[] = {
      "none", "not asked for", "ignored", "rate 0", "rate 0.1", "rate 0.9"};
  return fmt::format(
      "{} B {} Hq {} Hkv {} Sq {} Skv {} D {} Dv {}, lse {}, offsets {}, scale "
      "{}, mask tensor {}, layout {}, data {}, flush with its {}, dropout {}",
      name(dtype), B, Hq(), Hkv, Sq, Skv, D, Dv, lse,
      kOffsets[static_cast<int>(offsets)], kScales[static_cast<int>(scale)],
      kMasks[static_cast<int>(mask)], kLayouts[static_cast<int>(layout)],
      kData[static_cast<int>(data)], flush == Flush::End ? "end" : "start",
      kDrops[static_cast<int>(drop)]);
}

//===----------------------------------------------------------------------===//
// Levels
//===----------------------------------------------------------------------===//

// Around the 24 queries of a strip, the 192 of a block, the 4 keys of a tile
// and the 128 of a block.
static constexpr std::array<int64_t, 7> kLengths = {1,   3,   17,  64,
                                                    100, 257, 1024};
static constexpr std::array<int64_t, 11> kHeadDims = {1,  5,   8,   40,  64, 80,
                                                      96, 128, 192, 256, 512};
/// 0: the same as D.
static constexpr std::array<int64_t, 5> kValueDims = {0, 1, 20, 100, 128};
static constexpr std::array<int64_t, 3> kGroups = {1, 4, 8};
static constexpr std::array<int64_t, 3> kSmall = {1, 2, 3};
static constexpr std::array<DType, 3> kDtypes = {DType::F32, DType::F16,
                                                 DType::BF16};

namespace {
enum Factor {
  kSq,
  kSkv,
  kD,
  kDv,
  kGroup,
  kB,
  kHkv,
  kLse,
  kOffsets,
  kScale,
  kMask,
  kLayout,
  kData,
  kFlush,
  kDtype,
  kDrop,
};
} // namespace

static constexpr std::array<int, 16> kLevels = {
    kLengths.size(),   kLengths.size(), kHeadDims.size(),
    kValueDims.size(), kGroups.size(),  kSmall.size(),
    /*Hkv*/ 2,         /*lse*/ 2,       /*offsets*/ 4,
    /*scale*/ 4,       /*mask*/ 5,      /*layout*/ 6,
    /*data*/ 3,        /*flush*/ 2,     /*dtype*/ 3,
    /*drop*/ 6};

static Shape shapeOf(const Row &row) {
  // What is not chosen counts as its first, cheapest level.
  auto at = [&](Factor factor) { return row[factor] < 0 ? 0 : row[factor]; };
  Shape shape;
  shape.Sq = kLengths[at(kSq)];
  shape.Skv = kLengths[at(kSkv)];
  shape.D = kHeadDims[at(kD)];
  int64_t Dv = kValueDims[at(kDv)];
  shape.Dv = Dv == 0 ? shape.D : Dv;
  shape.group = kGroups[at(kGroup)];
  shape.B = kSmall[at(kB)];
  shape.Hkv = at(kHkv) + 1;
  shape.lse = at(kLse) == 0;
  shape.offsets = static_cast<Offsets>(at(kOffsets));
  shape.scale = static_cast<ScaleKind>(at(kScale));
  shape.mask = static_cast<MaskKind>(at(kMask));
  shape.layout = static_cast<Layout>(at(kLayout));
  shape.data = static_cast<Data>(at(kData));
  shape.flush = at(kFlush) == 0 ? Flush::End : Flush::Start;
  shape.dtype = kDtypes[at(kDtype)];
  shape.drop = static_cast<Drop>(at(kDrop));
  return shape;
}

double Shape::boundFactor() const {
  const double steps = scale == ScaleKind::Large ? kLargeScale : 1;
  if (data == Data::Normal || scale == ScaleKind::Zero)
    return steps;
  // The largest partial sum is the score at the top, and M is at least that.
  const double top = kRise * steps;
  const double root = std::sqrt(static_cast<double>(D));
  return std::max(steps, (kDotRounding * top + 2 * top) /
                             (kDotRounding * root + 2 * top));
}

static bool isAllowed(const Row &row) {
  Shape shape = shapeOf(row);
  // Over more keys of even weight the sum of the weights errs by more than
  // the error bound has room for (docs/numerics.md, assumption 3).
  if (row[kSkv] >= 0 && row[kD] >= 0 && shape.Skv > 100 * shape.D)
    return false;
  int64_t pairs = shape.B * shape.Hq() * shape.Sq * shape.Skv;
  int64_t dims = shape.D + (row[kDv] < 0 ? 1 : shape.Dv);
  return pairs * dims <= 300'000'000;
}

const std::vector<Shape> &attnjit::test::coveringShapes() {
  static const std::vector<Shape> shapes = [] {
    std::vector<Shape> made;
    for (const Row &row : coverPairs(kLevels, 1, isAllowed))
      made.push_back(shapeOf(row));
    return made;
  }();
  return shapes;
}
