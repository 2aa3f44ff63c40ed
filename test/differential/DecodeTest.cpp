//===- DecodeTest.cpp - Few queries, split over the keys ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the decode entry point has and prefill has not: rows of several heads
// in one work item, blocks of more rows than one item takes, keys split among
// items that the last one merges.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <cmath>
#include <limits>

using namespace attnjit;
using namespace attnjit::test;

static constexpr float kInf = std::numeric_limits<float>::infinity();

static Shape decodeShape(int64_t group, int64_t Sq, int64_t Skv) {
  Shape shape = {.B = 2, .Hkv = 2, .group = group, .Sq = Sq, .Skv = Skv};
  shape.D = 40;
  shape.Dv = 24;
  return shape;
}

static void expectAgreement(const ModProgram &mod, const Shape &shape,
                            uint64_t seed) {
  Problem problem(mod, shape, seed);
  const Outcome outcome =
      runAndCheck(mod, problem, describeCase(mod, shape, seed));
  EXPECT_TRUE(outcome == Outcome::Ran || outcome == Outcome::TooWide);
}

/// Row tiles of 3, blocks of 48 rows: one row, remainders of each kind, a
/// whole block, a block and a row, several blocks that cut a head's queries.
TEST(Decode, EveryNumberOfRows) {
  const ModProgram mod = parsed("buffer slopes : f32[Hq] in [0.0, 1.0]\n"
                                "score = score - slopes[h] * abs(q - kv)\n");
  for (auto [group, Sq] : {std::pair{1, 1},
                           {2, 1},
                           {3, 1},
                           {7, 1},
                           {48, 1},
                           {49, 1},
                           {100, 1},
                           {1, 2},
                           {1, 16},
                           {5, 3},
                           {7, 11},
                           {10, 16}})
    expectAgreement(mod, decodeShape(group, Sq, 75),
                    static_cast<uint64_t>(group * 100 + Sq));
}

/// Where splits begin and end, and what is left for the last one.
TEST(Decode, EveryEndOfTheKeys) {
  const ModProgram mod = parsed("mask = (q + kv) % 7 != 0\n");
  for (int64_t Skv : {0,  1,   7,   8,    9,    31,   32,   33,   63,   64,
                      65, 511, 512, 1023, 1024, 1025, 1087, 1600, 2049, 3001})
    expectAgreement(mod, decodeShape(3, 2, Skv), static_cast<uint64_t>(Skv));
}

TEST(Decode, EveryTypeAndHeadSize) {
  const ModProgram mod = parsed("mask = kv % 5 != 2\n");
  uint64_t seed = 1;
  for (DType dtype : {DType::F32, DType::F16, DType::BF16})
    for (int64_t D : {1, 7, 8, 33, 64, 100, 128, 256, 512})
      for (Layout layout : {Layout::BHSD, Layout::BSHD, Layout::Padded,
                            Layout::BroadcastBatch, Layout::Backwards}) {
        Shape shape = decodeShape(4, 1, 1100);
        shape.D = D;
        shape.Dv = D == 128 ? 65 : D;
        shape.dtype = dtype;
        shape.layout = layout;
        shape.flush = seed % 2 ? Flush::End : Flush::Start;
        expectAgreement(mod, shape, seed++);
      }
}

/// Splits that a mask empties for all rows, or for some of them.
TEST(Decode, SplitsWithoutAKeptKey) {
  for (const char *text :
       {"mask = kv >= 1500\n", "mask = kv < 600\n", "mask = kv == 1030\n",
        "mask = kv < 0\n", "mask = kv >= h * 400 and kv < h * 400 + 300\n",
        "mask = q >= kv and q - kv < 700\n",
        "score = where(kv > 1400, score, -inf)\n"}) {
    const ModProgram mod = parsed(text);
    Shape shape = decodeShape(3, 2, 2100);
    for (Offsets offsets : {Offsets::None, Offsets::PerBatch}) {
      shape.offsets = offsets;
      expectAgreement(mod, shape, 3);
    }
    Problem late(mod, shape, 4);
    late.args.qOffset.perBatch.reset();
    late.args.qOffset.scalar = 1900;
    EXPECT_EQ(runAndCheck(mod, late, describeCase(mod, shape, 4)),
              Outcome::Ran);
  }
}

TEST(Decode, HooksAtTheMerge) {
  for (const char *text :
       {"buffer s : f32[Hq] in [-3.0, 3.0]\nsink = s[h]\n",
        "buffer s : f32[Hq] in [-3.0, 3.0]\nsink = s[h] + q\nmask = kv < 0\n",
        "sink = 40.0\nscore = 10.0 * tanh(score)\n",
        "normalize = none\nscore = sigmoid(score)\nmask = kv % 3 != 0\n",
        "normalize = none\nmask = kv < 0\n",
        "score = where(kv % 2 == 0, -3e38, score - 3e38)\n"}) {
    const ModProgram mod = parsed(text);
    Shape shape = decodeShape(5, 1, 2100);
    shape.lse = mod.normalize() == Normalize::Softmax;
    expectAgreement(mod, shape, 5);
  }
}

/// The maximum moves within a split and from one to the next.
TEST(Decode, MovingMaxima) {
  const ModProgram mod = parsed("mask = kv % 9 != 4\n");
  for (Data data : {Data::Rising, Data::Falling}) {
    Shape shape = decodeShape(3, 2, 2100);
    shape.data = data;
    expectAgreement(mod, shape, 6);
  }
}

TEST(Decode, MaskTensors) {
  const ModProgram mod = parsed("mask = kv % 9 != 4\n");
  for (MaskKind kind : {MaskKind::PerKey, MaskKind::PerPair, MaskKind::Full,
                        MaskKind::PerRow}) {
    Shape shape = decodeShape(3, 2, 1111);
    shape.mask = kind;
    expectAgreement(mod, shape, 7);
  }
}

/// A score that is not finite makes its row NaN, whichever split holds it, and
/// leaves the other rows of the work item alone.
TEST(Decode, NonFiniteScoresStayInTheirRow) {
  const ModProgram mod = parsed("buffer bias : f32[Hq, Skv]\n"
                                "score = score + bias[h, kv]\n");
  const Shape shape = decodeShape(3, 1, 2100);
  for (float bad : {NAN, kInf})
    for (int64_t key : {3, 700, 2099}) {
      Problem problem(mod, shape, 8);
      Tensor bias = problem.allocate(DType::F32, {shape.Hq(), shape.Skv});
      forEachElement(bias, [](auto &, std::byte *address) {
        *reinterpret_cast<float *>(address) = 0.5f;
      });
      at<float>(bias, {4, key}) = bad;
      problem.setBuffer("bias", bias);
      ASSERT_EQ(runEverywhere(mod, problem, "one bad score"), Outcome::Ran);
      for (int64_t b = 0; b < shape.B; ++b)
        for (int64_t h = 0; h < shape.Hq(); ++h) {
          float lse = at<float>(*problem.args.lse, {b, h, 0});
          EXPECT_EQ(std::isnan(lse), h == 4) << bad << " at key " << key;
          for (int64_t d = 0; d < shape.Dv; ++d)
            EXPECT_EQ(std::isnan(at<float>(problem.args.out, {b, h, 0, d})),
                      h == 4);
        }
    }
}

/// What lies in the rows of k and v that no query keeps is never seen.
TEST(Decode, GarbageBehindTheLength) {
  const ModProgram mod = parsed("param length : i32\nmask = kv < length\n");
  for (int32_t length : {1, 40, 700, 1999}) {
    const Shape shape = decodeShape(3, 1, 2000);
    Problem problem(mod, shape, 9);
    problem.setParam("length", Scalar::i32(length));
    for (const Tensor &tensor : {problem.args.k, problem.args.v})
      forEachElement(tensor, [&](auto &index, std::byte *address) {
        if (index[2] >= length)
          *reinterpret_cast<float *>(address) = index[3] % 2 ? NAN : kInf;
      });
    EXPECT_EQ(runAndCheck(mod, problem, describeCase(mod, shape, 9)),
              Outcome::Ran);
    EXPECT_FALSE(std::isnan(at<float>(problem.args.out, {1, 5, 0, 23})));
  }
}

/// Heads of one work item that keep different keys, whatever the query, do not
/// see what lies in v of each other's.
TEST(Decode, GarbageThatOtherHeadsKeep) {
  for (const char *text : {"buffer length : i32[Hq]\nmask = kv < length[h]\n",
                           "buffer length : i32[Hq]\n"
                           "mask = kv < length[h] and kv <= q + 3000\n"
                           "prob = 2.0 * prob\n",
                           "mod tensor\n"})
    for (int64_t Sq : {1, 3})
      for (float bad : {NAN, kInf}) {
        const ModProgram mod = parsed(text);
        const bool isTensor = mod.buffers().empty();
        Shape shape = decodeShape(4, Sq, 1300);
        shape.mask = isTensor ? MaskKind::Full : MaskKind::None;
        Problem problem(mod, shape, 10);
        auto length = [](int64_t h) { return 100 + 160 * (h % 8); };
        if (isTensor) {
          problem.args.mask =
              problem.allocate(DType::Bool, {1, shape.Hq(), 1, shape.Skv});
          forEachElement(*problem.args.mask,
                         [&](auto &index, std::byte *address) {
                           *address = std::byte(index[3] < length(index[1]));
                         });
        } else {
          Tensor lengths = problem.allocate(DType::I32, {shape.Hq()});
          forEachElement(lengths, [&](auto &index, std::byte *address) {
            *reinterpret_cast<int32_t *>(address) =
                static_cast<int32_t>(length(index[0]));
          });
          problem.setBuffer("length", lengths);
        }
        // One key head's, in a block that some of its heads keep part of.
        const int64_t kvHead = 1, key = length(6) - 1;
        at<float>(problem.args.v, {1, kvHead, key, 5}) = bad;
        ASSERT_EQ(runEverywhere(mod, problem, text), Outcome::Ran);
        forEachElement(problem.args.out, [&](auto &index, std::byte *address) {
          const bool isSeen = index[0] == 1 && index[3] == 5 &&
                              index[1] / 4 == kvHead && length(index[1]) > key;
          ASSERT_EQ(std::isfinite(*reinterpret_cast<float *>(address)), !isSeen)
              << text << "head " << index[1];
        });
      }
}
