//===- NonFiniteTest.cpp - NaN and infinity where semantics speaks of them ===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What must never be seen (keys that no row keeps, values of padding), what
// must (a NaN score makes its row NaN, and no other), and rows without keys.
// Expectations are written out here; the Reference checks the values besides.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <cmath>
#include <functional>
#include <limits>

using namespace attnjit;
using namespace attnjit::test;

static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
static constexpr float kInf = std::numeric_limits<float>::infinity();

namespace {

/// A small problem whose rows pass several strips and blocks of keys.
Shape mediumShape() {
  Shape shape = {.B = 2, .Hkv = 1, .group = 2, .Sq = 61, .Skv = 300};
  shape.D = 20;
  shape.Dv = 13;
  return shape;
}

enum class Row { Finite, NaN, Empty };

float outAt(const Problem &problem, int64_t b, int64_t h, int64_t i,
            int64_t d) {
  return at<float>(problem.args.out, {b, h, i, d});
}

/// What kind of row (b, h, i) is: Empty is out = 0 and lse = -inf.
Row kindOf(const Problem &problem, int64_t b, int64_t h, int64_t i) {
  const float lse = at<float>(*problem.args.lse, {b, h, i});
  int64_t nans = 0, zeros = 0, finite = 0;
  const int64_t Dv = problem.shape().Dv;
  for (int64_t d = 0; d < Dv; ++d) {
    float value = outAt(problem, b, h, i, d);
    nans += std::isnan(value);
    zeros += value == 0;
    finite += std::isfinite(value);
  }
  if (nans == Dv && std::isnan(lse))
    return Row::NaN;
  if (zeros == Dv && lse == -kInf)
    return Row::Empty;
  EXPECT_TRUE(finite == Dv && std::isfinite(lse))
      << "a mixed row [" << b << ", " << h << ", " << i << "], lse " << lse;
  return Row::Finite;
}

/// Runs, checks with the Reference, and expects the kinds of all rows.
void expectRows(
    const ModProgram &mod, Problem &problem,
    const std::function<Row(int64_t b, int64_t h, int64_t i)> &want) {
  const Shape &n = problem.shape();
  std::string note = describeCase(mod, n, 0);
  ASSERT_EQ(runAndCheck(mod, problem, note, 20'000'000), Outcome::Ran);
  for (int64_t b = 0; b < n.B; ++b)
    for (int64_t h = 0; h < n.Hq(); ++h)
      for (int64_t i = 0; i < n.Sq; ++i)
        ASSERT_EQ(kindOf(problem, b, h, i), want(b, h, i))
            << "row [" << b << ", " << h << ", " << i << "]\n"
            << note;
}

Row allFinite(int64_t, int64_t, int64_t) { return Row::Finite; }

void setRow(const Tensor &tensor, int64_t b, int64_t j, float value) {
  for (int64_t h = 0; h < tensor.shape[1]; ++h)
    for (int64_t d = 0; d < tensor.shape[3]; ++d)
      at<float>(tensor, {b, h, j, d}) = value;
}

/// NaN, +inf and -inf by turns in the k and v rows that `isExcluded` names.
void poison(Problem &problem,
            const std::function<bool(int64_t b, int64_t j)> &isExcluded) {
  static constexpr float kPoison[] = {kNaN, kInf, -kInf};
  for (int64_t b = 0; b < problem.shape().B; ++b)
    for (int64_t j = 0; j < problem.shape().Skv; ++j)
      if (isExcluded(b, j)) {
        setRow(problem.args.v, b, j, kPoison[j % 3]);
        setRow(problem.args.k, b, j, kPoison[(j + 1) % 3]);
      }
}

} // namespace

//===----------------------------------------------------------------------===//
// Keys and values that must not be seen
//===----------------------------------------------------------------------===//

TEST(NonFinite, KeysThatARowDoesNotKeepAreNotSeen) {
  ModProgram mod = parsed("mask = q >= kv\n");
  Problem problem(mod, mediumShape(), 1);
  for (int64_t j : {61, 62, 63, 90, 127, 128, 129, 299})
    setRow(problem.args.k, 0, j, kNaN); // no row keeps these
  setRow(problem.args.k, 0, 37, kNaN);  // the rows from 37 on do
  setRow(problem.args.k, 1, 58, kInf);  // infinities of both signs: NaN
  expectRows(mod, problem, [](int64_t b, int64_t, int64_t i) {
    return i >= (b == 0 ? 37 : 58) ? Row::NaN : Row::Finite;
  });
}

// An added -inf leaves a pair out by its score: with finite scores as a mask
// does, while a NaN that it is added to is a NaN. Large runs skip tiles by it,
// and do so only where all scores are certainly finite.
TEST(NonFinite, AnAddedMinusInfinityKeepsNaN) {
  ModProgram mod = parsed("score = 2 * score + where(q >= kv, 0.0, -inf)\n");
  Shape shape = mediumShape();
  shape.Sq = shape.Skv = 300;
  Problem plain(mod, shape, 1);
  expectRows(mod, plain, allFinite);
  Problem problem(mod, shape, 1);
  setRow(problem.args.k, 0, 290, kNaN);
  expectRows(mod, problem, [](int64_t b, int64_t, int64_t) {
    return b == 0 ? Row::NaN : Row::Finite;
  });
  // Of finite elements, a score that is infinite: NaN where -inf is added.
  Problem large(mod, shape, 1);
  setRow(large.args.k, 1, 250, 1e30f);
  setRow(large.args.q, 1, 200, 1e30f);
  expectRows(mod, large, [](int64_t b, int64_t, int64_t i) {
    return b == 1 && i == 200 ? Row::NaN : Row::Finite;
  });
}

TEST(NonFinite, KeysThatALaneDoesNotKeepAreNotSeen) {
  // Neighbouring rows of one strip keep and leave out the same keys by turns.
  ModProgram mod = parsed("mask = (q + kv) % 2 == 0\n");
  Problem problem(mod, mediumShape(), 2);
  for (int64_t j : {10, 130, 299})
    setRow(problem.args.k, 0, j, kNaN);
  setRow(problem.args.k, 1, 131, kNaN);
  expectRows(mod, problem, [](int64_t b, int64_t, int64_t i) {
    return b == 0 || i % 2 == 1 ? Row::NaN : Row::Finite;
  });
}

TEST(NonFinite, LengthHidesValues) {
  for (const char *text :
       {"buffer len : i32[B]\nmask = kv < len[b]\n",
        "buffer len : i32[B]\nmask = q + 300 >= kv\nmask = kv < len[b]\n",
        "buffer len : i32[B]\nmask = kv < len[b] and (q >= kv or kv < 2)\n",
        "buffer len : i32[B]\nmask = not (kv >= len[b] or q % 60 == kv)\n",
        "buffer len : i32[B]\nscore = 2.0 * tanh(score)\nmask = kv < len[b]\n",
        "buffer len : i32[B]\nmask = abs(q - kv) < 1000 and kv < len[b]\n"})
    for (auto [first, second] : {std::pair{130, 7}, {61, 128}, {3, 299}}) {
      ModProgram mod = parsed(text);
      Problem problem(mod, mediumShape(), 3);
      Tensor len = problem.allocate(DType::I32, {2});
      at<int32_t>(len, {0}) = first;
      at<int32_t>(len, {1}) = second;
      problem.setBuffer("len", len);
      poison(problem,
             [&](int64_t b, int64_t j) { return j >= (b ? second : first); });
      expectRows(mod, problem, allFinite);
    }
}

TEST(NonFinite, LengthUnderOffsetsHidesValues) {
  ModProgram mod = parsed("buffer len : i32[B]\n"
                          "mask = kv < len[b]\nmask = q >= kv\n");
  Problem problem(mod, mediumShape(), 4);
  Tensor len = problem.allocate(DType::I32, {2});
  at<int32_t>(len, {0}) = 1130;
  at<int32_t>(len, {1}) = 1009;
  problem.setBuffer("len", len);
  problem.args.qOffset.scalar = 1000;
  problem.args.kvOffset.scalar = 990;
  poison(problem,
         [](int64_t b, int64_t j) { return j + 990 >= (b ? 1009 : 1130); });
  expectRows(mod, problem, allFinite);
}

TEST(NonFinite, PaddingHidesValues) {
  for (const char *text :
       {"buffer keep : bool[B, Skv]\nmask = keep[b, kv]\n",
        "buffer keep : bool[B, Skv]\nmask = keep[b, kv] and q + 299 >= kv\n",
        "buffer keep : bool[B, Skv]\nscore = score - 0.1 * abs(q - kv)\n"
        "mask = keep[b, kv] and (kv == 0 or q % 2 == kv % 2)\n"}) {
    ModProgram mod = parsed(text);
    Problem problem(mod, mediumShape(), 5);
    auto isExcluded = [](int64_t b, int64_t j) {
      return j % 7 == 3 || (j >= 128 && j < 256 - 4 * b) || (b && j == 299);
    };
    Tensor keep = problem.allocate(DType::Bool, {2, 300});
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t j = 0; j < 300; ++j)
        at<uint8_t>(keep, {b, j}) = isExcluded(b, j) ? 0 : 0x80;
    problem.setBuffer("keep", keep);
    poison(problem, isExcluded);
    expectRows(mod, problem, allFinite);
  }
}

TEST(NonFinite, BlockTableHidesValues) {
  ModProgram mod = parsed("buffer page : i32[B, 20]\n"
                          "mask = page[b, kv // 16] >= 0\n"
                          "mask = q + 16 * page[b, kv // 16] >= kv % 16\n");
  Problem problem(mod, mediumShape(), 6);
  auto isExcluded = [](int64_t b, int64_t j) {
    return j / 16 % 3 == 1 + b || j >= 272;
  };
  Tensor page = problem.allocate(DType::I32, {2, 20});
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t n = 0; n < 20; ++n)
      at<int32_t>(page, {b, n}) =
          isExcluded(b, 16 * n) ? -1 : static_cast<int32_t>(n + 1);
  problem.setBuffer("page", page);
  poison(problem, isExcluded);
  expectRows(mod, problem, allFinite);
}

TEST(NonFinite, BroadcastMaskTensorHidesValues) {
  for (const char *text : {"mod plain\n", "mask = q + 299 >= kv\n",
                           "score = 3.0 * score\nmask = kv != 4\n"}) {
    ModProgram mod = parsed(text);
    Shape shape = mediumShape();
    shape.mask = MaskKind::PerKey;
    Problem problem(mod, shape, 7);
    auto isExcluded = [](int64_t b, int64_t j) {
      return j % 5 == 2 - b || (j > 120 && j < 140);
    };
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t j = 0; j < 300; ++j)
        at<uint8_t>(*problem.args.mask, {b, 0, 0, j}) =
            isExcluded(b, j) ? 0 : 2;
    poison(problem, isExcluded);
    expectRows(mod, problem, allFinite);
  }
}

TEST(NonFinite, MaskTensorWithOneHeadAndBatchHidesValues) {
  ModProgram mod = parsed("mod plain\n");
  Shape shape = mediumShape();
  shape.mask = MaskKind::PerKey;
  Problem problem(mod, shape, 8);
  problem.args.mask = problem.allocate(DType::Bool, {300});
  auto isExcluded = [](int64_t, int64_t j) { return j / 4 % 2 == 0 && j > 2; };
  for (int64_t j = 0; j < 300; ++j)
    at<uint8_t>(*problem.args.mask, {j}) = isExcluded(0, j) ? 0 : 0xFF;
  poison(problem, isExcluded);
  expectRows(mod, problem, allFinite);
}

//===----------------------------------------------------------------------===//
// Rows that are NaN
//===----------------------------------------------------------------------===//

TEST(NonFinite, NaNInQueryStaysInItsRow) {
  for (const char *text : {"mod plain\n", "mask = q >= kv\n",
                           "score = 5.0 * tanh(score / 5.0)\n"}) {
    ModProgram mod = parsed(text);
    Problem problem(mod, mediumShape(), 9);
    at<float>(problem.args.q, {0, 0, 5, 19}) = kNaN;
    at<float>(problem.args.q, {0, 1, 60, 0}) = kNaN;
    at<float>(problem.args.q, {1, 0, 23, 3}) = kNaN;
    expectRows(mod, problem, [](int64_t b, int64_t h, int64_t i) {
      bool isNaN = (b == 0 && h == 0 && i == 5) ||
                   (b == 0 && h == 1 && i == 60) ||
                   (b == 1 && h == 0 && i == 23);
      return isNaN ? Row::NaN : Row::Finite;
    });
  }
}

TEST(NonFinite, ScoreOfOnePairMakesItsRowNaN) {
  for (float value : {kNaN, kInf}) {
    for (const char *text :
         {"param x : f32\nscore = x if q == 5 and kv == 131 else score\n",
          "param x : f32\nscore = score + (x if q == 5 and kv == 0 else 0.0)\n",
          "param x : f32\nmask = q % 2 == 1\n"
          "score = max(score, x if q == 5 and kv == 299 else score)\n"}) {
      ModProgram mod = parsed(text);
      Problem problem(mod, mediumShape(), 10);
      problem.setParam("x", Scalar::f32(value));
      const bool isHalf = mod.mask().get() != nullptr;
      expectRows(mod, problem, [&](int64_t, int64_t, int64_t i) {
        return i == 5                 ? Row::NaN
               : isHalf && i % 2 == 0 ? Row::Empty
                                      : Row::Finite;
      });
    }
  }
}

/// A NaN that arrives after, with and before a large score of its lane.
TEST(NonFinite, NaNIsNotLostWhenTheMaximumMoves) {
  ModProgram mod = parsed("param x : f32\nparam at : i32\nparam big : i32\n"
                          "score = where(kv == at, x, where(kv == big, 500.0, "
                          "score))\n");
  for (auto [nanAt, bigAt] : {std::pair{2, 290},
                              {290, 2},
                              {8, 9},
                              {9, 8},
                              {130, 131},
                              {0, 299},
                              {299, 0}}) {
    Problem problem(mod, mediumShape(), 11);
    problem.setParam("x", Scalar::f32(kNaN));
    problem.setParam("at", Scalar::i32(nanAt));
    problem.setParam("big", Scalar::i32(bigAt));
    expectRows(mod, problem,
               [](int64_t, int64_t, int64_t) { return Row::NaN; });
  }
}

//===----------------------------------------------------------------------===//
// Prob mods and dropout
//===----------------------------------------------------------------------===//

/// In one pass over the keys and in two: what a prob mod makes of pairs that
/// are not kept is never seen.
TEST(NonFinite, ProbModsOfPairsThatAreNotKept) {
  for (const char *text :
       {"buffer w : f32[?]\nmask = q + 40 >= kv\n"
        "prob = prob * w[max(kv - q, 0)]\n",
        "buffer w : f32[?]\nmask = q + 40 >= kv\n"
        "prob = prob * prob / w[max(kv - q, 0)]\n",
        "buffer w : f32[?]\nprob = prob + w[max(kv - q, 0)]\n"
        "score = where(kv - q > 40, -inf, 2.0 * score)\n",
        "buffer w : f32[?]\nnormalize = none\nmask = q + 40 >= kv\n"
        "prob = prob + w[max(kv - q, 0)]\n"})
    for (float bad : {kNaN, kInf, -kInf}) {
      ModProgram mod = parsed(text);
      Shape shape = mediumShape();
      shape.lse = mod.normalize() == Normalize::Softmax;
      Problem problem(mod, shape, 24);
      Tensor w = problem.allocate(DType::F32, {300});
      for (int64_t k = 0; k < 300; ++k)
        at<float>(w, {k}) = k > 40 ? bad : 0.5f;
      problem.setBuffer("w", w);
      const std::string note = describeCase(mod, shape, 24);
      EXPECT_EQ(runAndCheck(mod, problem, note), Outcome::Ran) << bad;
      forEachElement(problem.args.out, [&](auto &, std::byte *address) {
        ASSERT_TRUE(std::isfinite(*reinterpret_cast<float *>(address))) << note;
      });
    }
}

TEST(NonFinite, NaNShowsThroughProbModAndDropout) {
  for (const char *text :
       {"mod plain\n", "prob = where(kv < 0, prob, 0.0)\n",
        "prob = where(prob > 2.0, prob, 0.0)\n", "prob = 1.0\n"}) {
    ModProgram mod = parsed(text);
    Shape shape = mediumShape();
    shape.drop = Drop::Most;
    Problem problem(mod, shape, 25);
    at<float>(problem.args.k, {0, 0, 131, 4}) = kNaN;
    at<float>(problem.args.q, {1, 1, 7, 0}) = kInf;
    EXPECT_EQ(runAndCheck(mod, problem, text), Outcome::Ran);
    for (int64_t h = 0; h < 2; ++h)
      for (int64_t i = 0; i < 61; ++i) {
        EXPECT_EQ(kindOf(problem, 0, h, i), Row::NaN) << text;
        if (h == 1 && i == 7)
          EXPECT_EQ(kindOf(problem, 1, h, i), Row::NaN) << text;
      }
  }
}

TEST(NonFinite, ProbModsOfRowsWithoutKeys) {
  for (const char *text : {"prob = 3.0 * prob\nmask = q % 3 != 0\n",
                           "prob = prob + 1.0\nmask = q % 3 != 0\n",
                           "prob = 1.0 / prob\nmask = q % 3 != 0\n"}) {
    ModProgram mod = parsed(text);
    Problem problem(mod, mediumShape(), 26);
    expectRows(mod, problem, [&](int64_t, int64_t, int64_t i) {
      return i % 3 != 0 ? Row::Finite : Row::Empty;
    });
  }
}

//===----------------------------------------------------------------------===//
// Scores of -inf and finite minima
//===----------------------------------------------------------------------===//

TEST(NonFinite, ScoreOfMinusInfinityIsNotKept) {
  // From memory, so that no analysis can know it.
  ModProgram mod = parsed("buffer bias : f32[Sq, Skv]\n"
                          "score = score + bias[q_local, kv_local]\n");
  Problem problem(mod, mediumShape(), 12);
  Tensor bias = problem.allocate(DType::F32, {61, 300});
  auto isEmpty = [](int64_t i) { return i == 0 || i == 24 || i == 60; };
  for (int64_t i = 0; i < 61; ++i)
    for (int64_t j = 0; j < 300; ++j)
      at<float>(bias, {i, j}) =
          isEmpty(i) || (i * 7 + j) % 3 == 0 || j < 2 * i ? -kInf : 0.5f;
  problem.setBuffer("bias", bias);
  expectRows(mod, problem, [&](int64_t, int64_t, int64_t i) {
    return isEmpty(i) ? Row::Empty : Row::Finite;
  });
}

TEST(NonFinite, ProductOfMinusInfinityIsNotKept) {
  for (const char *text : {"mod plain\n", "score = 2.0 * score\n"}) {
    ModProgram mod = parsed(text);
    Problem problem(mod, mediumShape(), 13);
    for (const Tensor *tensor : {&problem.args.q, &problem.args.k})
      forEachElement(*tensor, [](auto &index, std::byte *address) {
        if (index[3] == 0)
          *reinterpret_cast<float *>(address) = 1;
      });
    for (int64_t j : {0, 1, 2, 3, 77, 128, 299})
      at<float>(problem.args.k, {0, 0, j, 0}) = -kInf;
    for (int64_t j = 0; j < 300; ++j)
      at<float>(problem.args.k, {1, 0, j, 0}) = -kInf;
    expectRows(mod, problem, [](int64_t b, int64_t, int64_t) {
      return b == 0 ? Row::Finite : Row::Empty;
    });
  }
}

TEST(NonFinite, ReductionsOfInfinities) {
  for (const char *text :
       {"param x : f32\nscore = score + max(t in 0..3: x * (t + 1))\n",
        "param x : f32\nscore = score - min(t in 0..3: -x * (t + 1))\n"}) {
    ModProgram mod = parsed(text);
    Problem problem(mod, mediumShape(), 23);
    problem.setParam("x", Scalar::f32(-kInf));
    expectRows(mod, problem,
               [](int64_t, int64_t, int64_t) { return Row::Empty; });
  }
}

TEST(NonFinite, FiniteMinimaAreOrdinaryScores) {
  for (const char *minimum : {"-3.0e38", "-3.4028234663852886e38", "-1.0e30"}) {
    // Rows below 10 see the minimum alone: the mean of v.
    ModProgram mod = parsed(std::string("score = where(q >= 10 and kv % 3 == "
                                        "1, score, ") +
                            minimum + ")\n");
    Problem problem(mod, mediumShape(), 14);
    expectRows(mod, problem, allFinite);
    for (int64_t d = 0; d < problem.shape().Dv; ++d) {
      double mean = 0;
      for (int64_t j = 0; j < 300; ++j)
        mean += at<float>(problem.args.v, {1, 0, j, d}) / 300.0;
      EXPECT_NEAR(outAt(problem, 1, 1, 3, d), mean, 1e-5) << minimum;
    }
  }
}

TEST(NonFinite, HugeScoresOfBothSigns) {
  ModProgram mod =
      parsed("buffer bias : f32[?]\nscore = score + bias[kv % 8]\n");
  for (auto [even, odd] : {std::pair{3e38f, -3e38f},
                           {-3e38f, 3e38f},
                           {1e30f, 1e30f},
                           {-3.4e38f, 0.0f},
                           {1e-38f, -1e-38f},
                           {200.0f, -200.0f}}) {
    Problem problem(mod, mediumShape(), 15);
    Tensor bias = problem.allocate(DType::F32, {8});
    for (int64_t k = 0; k < 8; ++k)
      at<float>(bias, {k}) = k % 2 ? odd : even;
    problem.setBuffer("bias", bias);
    expectRows(mod, problem, allFinite);
  }
}

//===----------------------------------------------------------------------===//
// Large values
//===----------------------------------------------------------------------===//

/// Weights never exceed 1, so large values stay finite however the maximum
/// moves. (Within reason: sums are divided at the end, and may not overflow.)
TEST(NonFinite, LargeValuesStayFinite) {
  for (Data data : {Data::Normal, Data::Rising, Data::Falling})
    for (float size : {1e20f, 1e30f}) {
      ModProgram mod = parsed("mod plain\n");
      Shape shape = mediumShape();
      shape.data = data;
      Problem problem(mod, shape, 16);
      forEachElement(problem.args.v, [&](auto &, std::byte *address) {
        *reinterpret_cast<float *>(address) *= size;
      });
      expectRows(mod, problem, allFinite);
    }
}

TEST(NonFinite, SmallValuesStayThere) {
  for (Data data : {Data::Normal, Data::Rising, Data::Falling}) {
    ModProgram mod = parsed("mask = q + 240 >= kv\n");
    Shape shape = mediumShape();
    shape.data = data;
    Problem problem(mod, shape, 17);
    forEachElement(problem.args.v, [&](auto &, std::byte *address) {
      *reinterpret_cast<float *>(address) *= 1e-30f;
    });
    expectRows(mod, problem, allFinite);
  }
}

//===----------------------------------------------------------------------===//
// Rows without keys
//===----------------------------------------------------------------------===//

TEST(NonFinite, RowsWithoutKeysAmidOthers) {
  for (const char *text : {"mask = q % 3 != 0\n", "mask = q % 24 == 5\n",
                           "mask = q % 3 != 0 and q >= kv\n",
                           "score = 2.0 * score\nmask = q % 3 != 0\n",
                           "score = where(q % 3 != 0, score, -inf)\n"}) {
    ModProgram mod = parsed(text);
    Problem problem(mod, mediumShape(), 18);
    const bool isSparse =
        std::string_view(text).find("24") != std::string_view::npos;
    expectRows(mod, problem, [&](int64_t, int64_t, int64_t i) {
      bool isKept = isSparse ? i % 24 == 5 : i % 3 != 0;
      return isKept ? Row::Finite : Row::Empty;
    });
  }
}

TEST(NonFinite, QueriesBeforeEveryKey) {
  ModProgram mod = parsed("mask = q >= kv\n");
  Shape shape = mediumShape();
  Problem problem(mod, shape, 19);
  problem.args.qOffset.scalar = -31;
  expectRows(mod, problem, [](int64_t, int64_t, int64_t i) {
    return i < 31 ? Row::Empty : Row::Finite;
  });
}

TEST(NonFinite, NoRowHasAKey) {
  for (const char *text :
       {"mask = false\n", "mask = q < 0\n",
        "param n : i32 = 0\nmask = kv < n\n", "score = -inf\n",
        "param x : f32 = 0.0\nscore = log(abs(x))\n"}) {
    ModProgram mod = parsed(text);
    Problem problem(mod, mediumShape(), 20);
    for (CaptureArg &capture : problem.args.captures)
      if (auto *value = std::get_if<Scalar>(&capture.value))
        value->bits = 0;
    for (int64_t j = 0; j < 300 && mod.mask(); ++j)
      setRow(problem.args.k, j % 2, j, kNaN);
    expectRows(mod, problem,
               [](int64_t, int64_t, int64_t) { return Row::Empty; });
  }
}

TEST(NonFinite, NoKeysAtAll) {
  for (const char *text :
       {"mod plain\n", "mask = q >= kv\n", "score = score * score\n",
        "buffer t : f32[Skv]\nscore = score + t[kv_local]\n"}) {
    ModProgram mod = parsed(text);
    Shape shape = mediumShape();
    shape.Skv = 0;
    for (MaskKind mask : {MaskKind::None, MaskKind::Full}) {
      shape.mask = mask;
      Problem problem(mod, shape, 21);
      expectRows(mod, problem,
                 [](int64_t, int64_t, int64_t) { return Row::Empty; });
    }
  }
}

TEST(NonFinite, NoQueriesAtAll) {
  ModProgram mod = parsed("mask = q >= kv\n");
  Shape shape = mediumShape();
  shape.Sq = 0;
  Problem problem(mod, shape, 22);
  EXPECT_EQ(runAndCheck(mod, problem, "Sq = 0"), Outcome::Ran);
}
