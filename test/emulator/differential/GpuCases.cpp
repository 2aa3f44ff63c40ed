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

#include "Harness.h"
#include "Pairwise.h"

#include <algorithm>
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

// Around the 64 keys of a block, the 128 or 64 queries of prefill and the 16
// rows of decode, and ragged.
constexpr std::array<int64_t, 6> kQueries = {1, 17, 64, 100, 129, 300};
constexpr std::array<int64_t, 4> kFewQueries = {1, 2, 5, 16};
constexpr std::array<int64_t, 7> kKeys = {1, 16, 63, 64, 100, 193, 300};
// Up to eleven splits, of which eight are merged at once.
constexpr std::array<int64_t, 7> kSplitKeys = {1, 16, 63, 64, 130, 300, 700};
constexpr std::array<int64_t, 10> kHeadDims = {1,  5,  16,  40,  64,
                                               80, 96, 128, 192, 256};
constexpr std::array<int64_t, 5> kValueDims = {0, 1, 20, 128, 256}; // 0: D
constexpr std::array<int64_t, 2> kGroups = {1, 3};
constexpr std::array<int64_t, 4> kDecodeGroups = {1, 4, 8, 12};
constexpr std::array<int64_t, 3> kSplits = {0, 64, 128};
constexpr std::array<DType, 3> kDtypes = {DType::BF16, DType::F16, DType::F32};
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
  kSplit,
  kFactors,
};

/// The levels of an entry point's factors.
struct Levels {
  Entry entry;
  std::span<const int64_t> queries, keys, groups, splits;

  std::array<int, kFactors> counts() const;
  bool allows(const Row &row) const;
  Shape shapeOf(const Row &row) const;
  GpuCase caseOf(const Row &row) const;
};

std::array<int, kFactors> Levels::counts() const {
  std::array<int, kFactors> n;
  n[kMod] = kMods.size();
  n[kSq] = queries.size();
  n[kSkv] = keys.size();
  n[kD] = kHeadDims.size();
  n[kDv] = kValueDims.size();
  n[kGroup] = groups.size();
  n[kB] = 2;
  n[kLse] = 2;
  n[kOffsets] = 4;
  n[kScale] = 4;
  n[kMask] = 5;
  n[kLayout] = 6;
  n[kData] = 3;
  n[kDtype] = kDtypes.size();
  n[kDrop] = 6;
  n[kTarget] = kTargets.size();
  n[kSplit] = splits.size();
  return n;
}

Shape Levels::shapeOf(const Row &row) const {
  auto at = [&](Factor factor) { return std::max(row[factor], 0); };
  Shape shape;
  shape.Sq = queries[at(kSq)];
  shape.Skv = keys[at(kSkv)];
  shape.D = kHeadDims[at(kD)];
  const int64_t Dv = kValueDims[at(kDv)];
  shape.Dv = Dv == 0 ? shape.D : Dv;
  shape.group = groups[at(kGroup)];
  shape.B = at(kB) + 1;
  shape.lse = at(kLse) == 0 && std::string_view(kMods[at(kMod)]).find("none") ==
                                   std::string_view::npos;
  shape.offsets = static_cast<Offsets>(at(kOffsets));
  shape.scale = static_cast<ScaleKind>(at(kScale));
  shape.mask = static_cast<MaskKind>(at(kMask));
  shape.layout = static_cast<Layout>(at(kLayout));
  shape.data = static_cast<Data>(at(kData));
  shape.dtype = kDtypes[at(kDtype)];
  shape.drop = static_cast<Drop>(at(kDrop));
  return shape;
}

GpuCase Levels::caseOf(const Row &row) const {
  return {kMods[row[kMod]], shapeOf(row),
          *TargetSpec::parse(kTargets[row[kTarget]]), entry,
          splits[row[kSplit]]};
}

bool Levels::allows(const Row &row) const {
  const Shape shape = shapeOf(row);
  if (row[kMod] >= 0 && !refusalOf(kMods[row[kMod]], entry).empty())
    return false;
  // Over more keys of even weight the sum of the weights errs by more than
  // the error bound has room for (docs/numerics.md, assumption 3).
  if (row[kSkv] >= 0 && row[kD] >= 0 && shape.Skv > 100 * shape.D)
    return false;
  // What one block of threads takes time for is padded to whole blocks.
  auto padded = [](int64_t n, int64_t step) {
    return (n + step - 1) / step * step;
  };
  const int64_t rows = entry == Entry::Decode
                           ? shape.Hkv * padded(shape.group * shape.Sq, 16)
                           : shape.Hq() * padded(shape.Sq, 128);
  const int64_t pairs = shape.B * rows * padded(shape.Skv, 64);
  return pairs * (shape.D + (row[kDv] < 0 ? 1 : shape.Dv)) <= 60'000'000;
}

std::vector<GpuCase> makeCases(Entry entry) {
  const Levels levels =
      entry == Entry::Decode
          ? Levels{entry, kFewQueries, kSplitKeys, kDecodeGroups, kSplits}
          : Levels{entry, kQueries, kKeys, kGroups,
                   std::span(kSplits).first(1)};
  std::vector<GpuCase> cases;
  const uint64_t covers = isFullRun() ? 4 : 1;
  for (uint64_t seed = 1; seed <= covers; ++seed)
    for (const Row &row :
         coverPairs(levels.counts(), seed,
                    [&](const Row &row) { return levels.allows(row); }))
      cases.push_back(levels.caseOf(row));
  return cases;
}

} // namespace

std::span<const char *const> attnjit::test::gpuMods() { return kMods; }

std::string_view attnjit::test::refusalOf(std::string_view mod, Entry entry) {
  if (entry == Entry::Decode && mod.find("prob * prob") != mod.npos)
    return "needs two passes over the keys";
  return {};
}

const std::vector<GpuCase> &attnjit::test::coveringGpuCases(Entry entry) {
  static const std::vector<GpuCase> prefill = makeCases(Entry::Prefill),
                                    decode = makeCases(Entry::Decode);
  return entry == Entry::Decode ? decode : prefill;
}
