//===- GpuCases.cpp - What GPU kernels are tested on ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The levels of every factor.
//
//===----------------------------------------------------------------------===//

#include "GpuCases.h"

#include "Pairwise.h"

#include <array>

using namespace attnjit;
using namespace attnjit::test;

namespace {

constexpr std::array<const char *, 17> kMods = {
    "mod plain\n",
    "mod causal\nmask = q >= kv\n",
    "mod window\nmask = q >= kv and q - kv < 50\n",
    "mod softcap\nscore = 30.0 * tanh(score / 30.0)\n",
    "mod alibi\nbuffer slope : f32[Hq]\n"
    "score = score - slope[h] * abs(q - kv)\nmask = q >= kv\n",
    "mod document\nbuffer id : i32[B, ?]\n"
    "mask = id[b, q] == id[b, kv] and q >= kv\n",
    "mod prefix\nbuffer prefix : i32[B]\nmask = kv < prefix[b] or q >= kv\n",
    "mod gemma\nparam window : i32 = 64\n"
    "score = 50.0 * tanh(score / 50.0)\n"
    "mask = q >= kv and q - kv < window\n",
    "mod bias\nbuffer bias : f16[Hq, Sq, Skv]\n"
    "score = score + bias[h, q_local, kv_local]\n",
    "mod padding\nbuffer keep : bool[B, Skv]\nmask = keep[b, kv_local]\n",
    "mod dilated\nmask = (q - kv) % 3 == 0 and abs(q - kv) <= 90\n",
    "mod blocks\nmask = q // 16 >= kv // 16 and kv % 5 != 2\n",
    "mod sinks\nbuffer sink_of : f32[Hq]\nsink = sink_of[h]\nmask = q >= kv\n",
    "mod linear\nmask = q >= kv\nnormalize = none\n",
    "mod weighted\nbuffer w : f16[Skv]\nmask = q >= kv\n"
    "prob = w[kv_local] * prob / 3.0\n",
    "mod sharpened\nprob = prob * prob\n",
    "mod lowest\nscore = where((q ^ kv) % 3 == 0, score, "
    "-3.4028234663852886e38)\n",
};

// Around the 64 keys and 128 queries of a block, and ragged.
constexpr std::array<int64_t, 6> kQueries = {1, 17, 64, 100, 129, 300};
constexpr std::array<int64_t, 7> kKeys = {1, 16, 63, 64, 100, 193, 300};
constexpr std::array<int64_t, 10> kHeadDims = {1,  5,  16,  40,  64,
                                               80, 96, 128, 192, 256};
constexpr std::array<int64_t, 5> kValueDims = {0, 1, 20, 128, 256}; // 0: D
constexpr std::array<const char *, 3> kTargets = {"sm_80", "sm_86", "sm_90"};

enum Factor {
  kMod,
  kSq,
  kSkv,
  kD,
  kDv,
  kGroup,
  kB,
  kLse,
  kOffsets,
  kScale,
  kMask,
  kLayout,
  kData,
  kDtype,
  kDrop,
  kTarget,
};
constexpr std::array<int, 16> kLevels = {kMods.size(),      kQueries.size(),
                                         kKeys.size(),      kHeadDims.size(),
                                         kValueDims.size(),
                                         /*group*/ 2,
                                         /*B*/ 2,
                                         /*lse*/ 2,
                                         /*offsets*/ 4,
                                         /*scale*/ 4,
                                         /*mask*/ 5,
                                         /*layout*/ 6,
                                         /*data*/ 3,
                                         /*dtype*/ 2,
                                         /*drop*/ 6,        kTargets.size()};

Shape shapeOf(const Row &row) {
  auto at = [&](Factor factor) { return row[factor] < 0 ? 0 : row[factor]; };
  Shape shape;
  shape.Sq = kQueries[at(kSq)];
  shape.Skv = kKeys[at(kSkv)];
  shape.D = kHeadDims[at(kD)];
  const int64_t Dv = kValueDims[at(kDv)];
  shape.Dv = Dv == 0 ? shape.D : Dv;
  shape.group = at(kGroup) == 0 ? 1 : 3;
  shape.B = at(kB) + 1;
  shape.lse = at(kLse) == 0 && std::string_view(kMods[at(kMod)]).find("none") ==
                                   std::string_view::npos;
  shape.offsets = static_cast<Offsets>(at(kOffsets));
  shape.scale = static_cast<ScaleKind>(at(kScale));
  shape.mask = static_cast<MaskKind>(at(kMask));
  shape.layout = static_cast<Layout>(at(kLayout));
  shape.data = static_cast<Data>(at(kData));
  shape.dtype = at(kDtype) == 0 ? DType::BF16 : DType::F16;
  shape.drop = static_cast<Drop>(at(kDrop));
  return shape;
}

/// Whether its weights may exceed what f16 holds.
bool needsRange(std::string_view mod) {
  return mod.find("\nprob") != mod.npos || mod.find("none") != mod.npos;
}

bool isAllowed(const Row &row) {
  const Shape shape = shapeOf(row);
  if (row[kMod] >= 0 && row[kDtype] >= 0 && needsRange(kMods[row[kMod]]) &&
      shape.dtype == DType::F16)
    return false;
  // Over more keys of even weight the sum of the weights errs by more than
  // the error bound has room for (docs/numerics.md, assumption 3).
  if (row[kSkv] >= 0 && row[kD] >= 0 && shape.Skv > 100 * shape.D)
    return false;
  // What one block of threads takes time for is padded to whole blocks.
  const int64_t pairs = shape.B * shape.Hq() * ((shape.Sq + 127) & ~127) *
                        ((shape.Skv + 63) & ~63);
  return pairs * (shape.D + (row[kDv] < 0 ? 1 : shape.Dv)) <= 60'000'000;
}

} // namespace

const std::vector<GpuCase> &attnjit::test::coveringGpuCases() {
  static const std::vector<GpuCase> cases = [] {
    std::vector<GpuCase> made;
    for (const Row &row : coverPairs(kLevels, 1, isAllowed))
      made.push_back({kMods[row[kMod]], shapeOf(row),
                      *TargetSpec::parse(kTargets[row[kTarget]])});
    return made;
  }();
  return cases;
}
