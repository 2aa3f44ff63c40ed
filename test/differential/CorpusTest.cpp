//===- CorpusTest.cpp - All mods there are over the covering shapes -------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each mod of the library, of the corpus, and some more, on shapes of the
// cover: a few each in the normal run, so that all mods together see every
// shape, all of them in the long run. The oracle is the Reference.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"
#include "SourceTree.h"

#include "attnjit/Mods/Library.h"
#include "attnjit/Text/Printer.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

using namespace attnjit;
using namespace attnjit::test;

/// Mods that neither the library nor the corpus has a file for.
static constexpr std::pair<const char *, const char *> kMoreMods[] = {
    {"plain", "mod plain\n"},
    {"gemma2", "mod gemma2\n"
               "param window : i32 = 64\n"
               "score = 30.0 * tanh(score / 30.0)\n"
               "mask = q >= kv and q - kv < window\n"},
    {"finite_mask", "mod finite_mask\n"
                    "score = where(q >= kv, score, -3.0e38)\n"},
    {"lowest_mask", "mod lowest_mask\n"
                    "score = where((q ^ kv) % 3 == 0, score, "
                    "-3.4028234663852886e38)\n"},
    {"dense_bias", "mod dense_bias\nbuffer bias : f32[Sq, Skv]\n"
                   "score = score + bias[q_local, kv_local]\n"},
    {"half_bias", "mod half_bias\nbuffer bias : f16[B, Skv]\n"
                  "score = score + bias[b, kv_local]\n"},
    {"byte_levels", "mod byte_levels\nbuffer level : u8[Skv]\n"
                    "mask = level[kv_local] < 128 or q % 2 == 0\n"},
    {"wide_ids", "mod wide_ids\nbuffer id : i64[B, Skv]\n"
                 "mask = id[b, q] <= id[b, kv]\n"},
    {"padding", "mod padding\nbuffer keep : bool[B, Skv]\n"
                "mask = keep[b, kv_local]\n"},
    {"scalar_buffers", "mod scalar_buffers\nbuffer gain : bf16[]\n"
                       "buffer shift : i32[]\nbuffer on : bool[]\n"
                       "score = score * gain if on else score + gain\n"
                       "mask = q + shift >= kv\n"},
    {"empty_buffers", "mod empty_buffers\nbuffer nothing : f32[0]\n"
                      "buffer no : bool[3, 0]\nbuffer zero : i64[0, 2]\n"
                      "score = score + nothing[kv]\n"
                      "mask = not no[q, kv] and zero[kv, q] == 0\n"},
    {"divided_by_param", "mod divided_by_param\nparam n : i32 = 0\n"
                         "param m : i32 = 13\n"
                         "mask = q // n == kv // n and (q % m <= kv % m)\n"},
    {"xor_mask", "mod xor_mask\n"
                 "mask = ((q >= kv) ^ (kv % 7 < 3)) and not (q == kv)\n"},
    {"outer_product", "mod outer\nbuffer f : bool[?]\nbuffer g : bool[?]\n"
                      "mask = f[q % 8] != g[kv % 8]\n"},
    {"negated_window", "mod negated\nparam w : i32 = 40\n"
                       "mask = not (abs(q - kv) <= w)\n"},
    {"kv_head_bias", "mod kv_head\nbuffer t : f32[Hkv, Hq]\n"
                     "score = score + t[kvh, h] * (b + 1)\n"},
    {"weighted_sum", "mod weighted\nbuffer w : f32[5]\n"
                     "score = score + sum(t in 0..5: w[t] * cos(f32(q - kv) * "
                     "(t + 1)))\n"},
    {"max_over_blocks", "mod blocks\nbuffer id : i32[?]\n"
                        "mask = max(t in -2..3: id[kv // 8 + t]) >= id[q]\n"},
    {"shape_dependent", "mod shapes\n"
                        "score = score * (D + 1) / (Skv + B * Hkv)\n"
                        "mask = (q + h * Hq_global) % (Sq + B_global) >= 1\n"},
    {"weighted_keys", "mod weighted_keys\nbuffer w : f16[Skv]\n"
                      "mask = q >= kv\nprob = w[kv_local] * prob / 3.0\n"},
    {"chosen_weights", "mod chosen_weights\nsink = 1.5 - h\n"
                       "score = 5.0 * tanh(score / 5.0)\n"
                       "prob = -prob if (q ^ kv) % 5 < 3 else 0.0\n"},
    {"shifted_weights", "mod shifted_weights\nmask = q >= kv\n"
                        "prob = prob - 1.0 / (q + Skv + 300)\n"},
    {"sharp_weights", "mod sharp_weights\nsink = 0.5 * h\n"
                      "mask = (q + kv) % 4 != 1\n"
                      "prob = prob * prob + sqrt(prob)\n"},
    {"odd_weights", "mod odd_weights\nparam x : f32 = 0.25\n"
                    "score = score - 0.01 * abs(q - kv)\n"
                    "prob = sin(prob * (kv % 3)) + x * prob\n"},
    {"unnormalized_weights", "mod unnormalized_weights\nnormalize = none\n"
                             "mask = q >= kv\nscore = relu(score)\n"
                             "prob = prob * prob + 0.5\n"},
    {"nothing", "mod nothing\nmask = q < q\n"},
    {"special_positions", "mod special\nmask = kv != 5 and q != 3\n"
                          "score = score + (1.0e9 if kv == 70 else 0.0)\n"},
};

namespace {
struct NamedMod {
  std::string name, text;
  size_t ordinal = 0;
};
} // namespace

/// A mod of the library as a text that uses no other, with constants so small
/// that small problems show what they do.
static std::string selfContained(const LibraryMod &mod) {
  constexpr int32_t kLargest = 16;
  ParseOptions options = withLibrary();
  for (const ConstantInfo &constant : parseMod(mod.text, options).constants)
    if (constant.value.type == Type::I32 && constant.value.asI32() > kLargest)
      options.constants.emplace_back(constant.name, Scalar::i32(kLargest));
  ParseResult parsed = parseMod(mod.text, options);
  EXPECT_EQ(render(parsed.diagnostics, mod.name, mod.text), "");
  return parsed.program ? print(*parsed.program) : "";
}

static std::vector<NamedMod> corpus() {
  std::vector<NamedMod> mods;
  for (const auto &entry :
       std::filesystem::directory_iterator(sourcePath("test/Text/corpus"))) {
    if (entry.path().extension() != ".mod")
      continue;
    std::ifstream file(entry.path(), std::ios::binary);
    mods.push_back({entry.path().stem().string(),
                    std::string(std::istreambuf_iterator<char>(file), {})});
  }
  std::ranges::sort(mods, {}, &NamedMod::name);
  return mods;
}

static std::vector<NamedMod> allMods() {
  std::vector<NamedMod> mods = corpus();
  for (const LibraryMod &mod : libraryMods())
    mods.push_back({std::string(mod.name), selfContained(mod)});
  for (auto [name, text] : kMoreMods)
    mods.push_back({name, text});
  for (size_t k = 0; k < mods.size(); ++k)
    mods[k].ordinal = k;
  return mods;
}

namespace {
class Mods : public testing::TestWithParam<NamedMod> {};
} // namespace

TEST_P(Mods, AgreeWithTheReference) {
  static constexpr size_t kShapesPerMod = 2, kShapesInFull = 12;
  const ModProgram mod = parsed(GetParam().text);
  const std::vector<Shape> &shapes = coveringShapes();
  const size_t count = isFullRun() ? kShapesInFull : kShapesPerMod;
  const size_t first = GetParam().ordinal * kShapesPerMod;
  for (size_t seed = first; seed < first + count; ++seed) {
    Shape shape = shapes[seed % shapes.size()];
    // Without a softmax there is no lse to ask for.
    shape.lse = shape.lse && mod.normalize() == Normalize::Softmax;
    Problem problem(mod, shape, seed);
    Outcome outcome = runAndCheck(mod, problem, describeCase(mod, shape, seed));
    if (outcome != Outcome::Refused)
      continue;
    // Positions ran out of a buffer that is local: once more without offsets.
    shape.offsets = Offsets::None;
    Problem local(mod, shape, seed);
    EXPECT_NE(runAndCheck(mod, local, describeCase(mod, shape, seed)),
              Outcome::Refused)
        << describeCase(mod, shape, seed);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Mods, testing::ValuesIn(allMods()),
                         [](const auto &info) { return info.param.name; });
