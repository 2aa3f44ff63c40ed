//===- TestCases.cpp - What is checked on the device ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestCases.h"

#include <algorithm>
#include <array>
#include <random>

using namespace attnjit;
using namespace attnjit::gpucheck;

namespace {

/// Sizes without the heads'.
struct Extents {
  int64_t B, Hq, Hkv, Sq, Skv;
};

struct HeadSizes {
  int64_t D, Dv;
};

/// A mod and options that bring its code to work at these sizes.
struct Variant {
  const char *mod;
  std::vector<std::string> options = {};
  /// Without normalisation there is no lse.
  bool lse = true;
};

} // namespace

// Around the blocks of 16 to 128 rows and keys that kernels take: one less, one
// more, a whole number, one row, no tile alike; groups of 1 to 8 heads, the
// largest with few queries, which the decode entry point takes.
static constexpr std::array kExtents = {
    Extents{1, 2, 2, 128, 128}, Extents{2, 4, 2, 100, 130},
    Extents{1, 4, 1, 257, 63},  Extents{1, 3, 3, 65, 321},
    Extents{3, 2, 1, 1, 200},   Extents{1, 8, 1, 1, 1500},
    Extents{2, 8, 2, 5, 777},   Extents{1, 2, 2, 17, 1},
    Extents{1, 2, 1, 384, 512}, Extents{1, 16, 2, 3, 129},
};

// The common sizes, the largest, and sizes that are no multiple of a tensor
// core's 16 or of 16 bytes.
static constexpr std::array kHeadSizes = {
    HeadSizes{128, 128}, HeadSizes{64, 64}, HeadSizes{256, 256},
    HeadSizes{80, 80},   HeadSizes{40, 40}, HeadSizes{192, 128},
    HeadSizes{32, 64},   HeadSizes{72, 8},  HeadSizes{100, 36},
};

static constexpr std::array kTypes = {DType::BF16, DType::F16, DType::F32};

// What the compiler has a path of its own for: bounds of each kind, tables by
// distance, loads by pair, hoisted values, sinks, weights after the softmax, no
// normalisation, offsets, dropout.
static const std::vector<Variant> kVariants = {
    {"no_mask"},
    {"no_mask", {"--dropout", "0.2", "--dropout-seed", "7"}},
    {"no_mask", {"--scale", "0.03"}},
    {"causal"},
    {"causal", {"--q-offset", "40"}},
    {"causal", {"--kv-offset", "40"}},
    {"causal", {"--dropout", "0.5", "--dropout-seed", "3"}},
    {"causal_bottom_right"},
    {"sliding_window", {"--set", "window=40"}},
    {"sliding_window", {"--set", "window=1"}},
    {"symmetric_window"},
    {"prefix_lm"},
    {"softcap"},
    {"alibi"},
    {"alibi_computed"},
    {"relative_table"},
    {"t5_buckets_causal"},
    {"documents"},
    {"packed_documents"},
    {"packed_causal"},
    {"key_padding"},
    {"pair_bias"},
    {"query_key_bias"},
    {"bigbird"},
    {"block_map"},
    {"sinks"},
    {"gated_heads"},
    {"thresholded"},
    {"sigmoid_attention", {}, false},
    {"log_gelu"},
};

static ToolCase makeCase(const Variant &variant, const Extents &extents,
                         const HeadSizes &sizes, DType dtype) {
  ToolCase made = {variant.mod,
                   {extents.B, extents.Hq, extents.Hkv, extents.Sq, extents.Skv,
                    sizes.D, sizes.Dv},
                   dtype,
                   variant.options};
  if (variant.lse)
    made.options.insert(made.options.end(), {"--lse", "/dev/null"});
  return made;
}

std::vector<ToolCase>
gpucheck::testCases(const std::vector<std::string> &library) {
  std::vector<ToolCase> cases;
  // Each time around, a variant meets other extents.
  size_t turn = 0;
  auto add = [&](const Variant &variant) {
    const size_t around = turn / kVariants.size();
    cases.push_back(makeCase(variant,
                             kExtents[(turn + around) % kExtents.size()],
                             kHeadSizes[turn % kHeadSizes.size()],
                             kTypes[(turn + around) % kTypes.size()]));
    ++turn;
  };
  constexpr int kTurns = 3;
  for (int i = 0; i < kTurns; ++i)
    for (const Variant &variant : kVariants)
      add(variant);
  for (const std::string &mod : library)
    add({mod.c_str(), {}, mod != "sigmoid_attention"});
  // A run that time ends has seen some of everything.
  std::ranges::shuffle(cases, std::minstd_rand(1));
  return cases;
}

std::vector<ToolCase> gpucheck::sanitizerCases() {
  const Extents ragged = {1, 2, 1, 70, 133}, decode = {1, 8, 1, 1, 300};
  return {
      makeCase({"causal"}, ragged, {64, 64}, DType::BF16),
      makeCase({"pair_bias"}, ragged, {40, 40}, DType::F16),
      makeCase({"packed_documents"}, ragged, {128, 128}, DType::F32),
      makeCase({"sliding_window", {"--set", "window=9"}}, decode, {128, 128},
               DType::BF16),
  };
}
