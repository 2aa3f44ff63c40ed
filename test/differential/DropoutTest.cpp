//===- DropoutTest.cpp - Which weights dropout drops ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With equal scores and one-hot values, an output is a row's weights: every
// pair is compared with the word that Philox draws for it, which has no
// tolerance. Dropout without a pattern to see is a factor of the covering
// shapes.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "attnjit/Reference/Philox.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

using namespace attnjit;
using namespace attnjit::test;

namespace {

/// Several strips and blocks of keys, ragged.
Shape decodingShape() {
  Shape shape = {.B = 2, .Hkv = 2, .group = 2, .Sq = 29, .Skv = 139};
  shape.D = 3;
  shape.Dv = 139;
  shape.drop = Drop::Some;
  return shape;
}

/// Makes out[b, h, i, j] the weight of key j: 1 / Skv before dropout.
void fillForDecoding(Problem &problem) {
  forEachElement(problem.args.q, [](auto &, std::byte *address) {
    *reinterpret_cast<float *>(address) = 0;
  });
  forEachElement(problem.args.v, [](auto &index, std::byte *address) {
    *reinterpret_cast<float *>(address) = index[2] == index[3];
  });
}

/// Runs and compares the pattern. `weight` is that of a kept pair before the
/// scale of dropout, 0 where the mask of the mod drops it anyway.
void expectPattern(const ModProgram &mod, Problem &problem,
                   const std::function<double(int64_t q, int64_t kv)> &weight) {
  const Shape &n = problem.shape();
  const DropoutArg &dropout = *problem.args.dropout;
  const std::string note = fmt::format(
      "{}\nrate {}, seed {}, offset {}, q_offset {}, kv_offset {}",
      describeCase(mod, n, 0), dropout.rate, dropout.seed, dropout.offset,
      problem.args.qOffset.scalar, problem.args.kvOffset.scalar);
  fillForDecoding(problem);
  ASSERT_EQ(runEverywhere(mod, problem, note), Outcome::Ran);
  const auto threshold =
      static_cast<uint32_t>(std::floor(dropout.rate * 0x1p32));
  const double scale = 1 / (1 - dropout.rate);
  forEachElement(problem.args.out, [&](auto &index, std::byte *address) {
    const auto head = static_cast<uint32_t>(index[0] * n.Hq() + index[1]);
    const auto q = static_cast<int32_t>(index[2] + problem.args.qOffset.scalar);
    const auto kv =
        static_cast<int32_t>(index[3] + problem.args.kvOffset.scalar);
    const bool isKept =
        dropoutWord(dropout.seed, dropout.offset, head, q, kv) >= threshold;
    const double want = isKept ? weight(q, kv) * scale : 0;
    const double got = *reinterpret_cast<float *>(address);
    // Where the word is wrong, one of the two is 0.
    ASSERT_NEAR(got, want, 1e-5 * want)
        << fmt::format("[{}]", fmt::join(index, ", ")) << "\n"
        << note;
  });
}

const auto kUniform = [](int64_t, int64_t) { return 1.0 / 139; };

} // namespace

TEST(Dropout, DropsWhatPhiloxSaysForEverySeedAndOffset) {
  const ModProgram mod = parsed("mod plain\n");
  const uint64_t values[] = {0, 1, 0xFFFFFFFF, 0x100000000, 0xFEDCBA9876543210};
  for (uint64_t seed : values)
    for (uint64_t offset : values) {
      Problem problem(mod, decodingShape(), 1);
      problem.args.dropout = DropoutArg{0.4, seed, offset};
      expectPattern(mod, problem, kUniform);
    }
}

TEST(Dropout, DropsByGlobalPosition) {
  const ModProgram mod = parsed("mod plain\n");
  for (int32_t kvOffset : {0, 1, 2, 3, 4, 5, -1, -2, -3, -4, -200, 1 << 30,
                           INT32_MIN, INT32_MAX - 139})
    for (int32_t qOffset : {0, 7, -30}) {
      Problem problem(mod, decodingShape(), 2);
      problem.args.dropout = DropoutArg{0.5, 42, uint64_t{1} << 40};
      problem.args.qOffset.scalar = qOffset;
      problem.args.kvOffset.scalar = kvOffset;
      expectPattern(mod, problem, kUniform);
    }
}

TEST(Dropout, OfEveryRate) {
  const ModProgram mod = parsed("mod plain\n");
  for (double rate :
       {0.0, 0x1p-40, 0x1p-32, 0.001, 0.25, 0.999, 1 - 0x1p-32, 1 - 0x1p-53}) {
    Problem problem(mod, decodingShape(), 3);
    problem.args.dropout = DropoutArg{rate, 9, 9};
    expectPattern(mod, problem, kUniform);
  }
}

/// A prob mod comes first, and the pattern is the same.
TEST(Dropout, FollowsProbMods) {
  struct Case {
    const char *text;
    std::function<double(int64_t q, int64_t kv)> weight;
  };
  const Case cases[] = {
      {"prob = prob * (kv % 3 + 1)\n",
       [](int64_t, int64_t kv) { return ((kv % 3 + 3) % 3 + 1) / 139.0; }},
      {"prob = prob + 1.0\n", [](int64_t, int64_t) { return 1 + 1 / 139.0; }},
      {"normalize = none\nscore = score + 2.0\n",
       [](int64_t, int64_t) { return 2; }},
      {"normalize = none\nprob = prob + 2.0\n",
       [](int64_t, int64_t) { return 2; }},
      {"mask = kv % 2 == 0\nprob = prob * 0.0 + 1.0\n",
       [](int64_t, int64_t kv) { return kv % 2 == 0 ? 1 : 0; }},
      {"score = score * score\nsink = 0.0\n",
       [](int64_t, int64_t) { return 1.0 / 140; }},
  };
  for (const Case &each : cases)
    for (int32_t kvOffset : {0, 3, -2}) {
      const ModProgram mod = parsed(each.text);
      Shape shape = decodingShape();
      shape.lse = mod.normalize() == Normalize::Softmax;
      Problem problem(mod, shape, 4);
      problem.args.dropout = DropoutArg{0.3, 5, 6};
      problem.args.kvOffset.scalar = kvOffset;
      expectPattern(mod, problem, each.weight);
    }
}

/// What a run leaves, as bytes of out and lse.
static std::vector<std::byte> resultOf(const ModProgram &mod, Drop drop,
                                       bool lseAlone = false) {
  Shape shape = {.B = 2, .Hkv = 1, .group = 2, .Sq = 61, .Skv = 300};
  shape.D = shape.Dv = 20;
  shape.drop = drop;
  Problem problem(mod, shape, 7);
  EXPECT_EQ(runEverywhere(mod, problem, describeCase(mod, shape, 7)),
            Outcome::Ran);
  if (!lseAlone)
    return problem.outputBytes();
  const auto *lse = static_cast<std::byte *>(problem.args.lse->data);
  return {lse, lse + 2 * 2 * 61 * sizeof(float)};
}

TEST(Dropout, ThatDropsNothingChangesNoBit) {
  for (const char *text : {"mod plain\n", "sink = 0.5\nmask = q >= kv - 200\n",
                           "prob = prob * prob\n"}) {
    const ModProgram mod = parsed(text);
    const auto want = resultOf(mod, Drop::None);
    for (Drop drop : {Drop::Unasked, Drop::Ignored, Drop::Never})
      EXPECT_EQ(resultOf(mod, drop), want) << text << static_cast<int>(drop);
  }
}

TEST(Dropout, LeavesLseAlone) {
  for (const char *text : {"mod plain\n", "sink = 0.5\n",
                           "prob = prob * prob\n", "prob = prob * kv\n"}) {
    const ModProgram mod = parsed(text);
    EXPECT_EQ(resultOf(mod, Drop::Most, true), resultOf(mod, Drop::None, true))
        << text;
  }
}
