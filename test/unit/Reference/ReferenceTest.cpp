//===- ReferenceTest.cpp - Tests of attention in f64 ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Problem.h"
#include "attnjit/Reference/ErrorBound.h"
#include "attnjit/Reference/Philox.h"
#include "attnjit/Reference/Signature.h"

#include <gmock/gmock.h>

using namespace attnjit;
using namespace attnjit::dsl;
using testing::Each;
using testing::HasSubstr;

static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
static constexpr float kInf = std::numeric_limits<float>::infinity();

static ReferenceRow rowOf(const ModProgram &mod, const RunArgs &args,
                          int64_t b = 0, int64_t h = 0, int64_t i = 0) {
  ReferenceRow row;
  Expected<Reference> reference = Reference::create(mod, args);
  EXPECT_TRUE(reference) << reference.error().message();
  if (reference)
    reference->computeRow(b, h, i, row);
  return row;
}

TEST(Reference, PlainAttentionOfEveryShapeAndType) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 100; ++round) {
    ProblemSizes n;
    n.B = 1 + random() % 2;
    n.Hkv = 1 + random() % 2;
    n.Hq = n.Hkv * (1 + random() % 4);
    n.Sq = 1 + random() % 6;
    n.Skv = 1 + random() % 20;
    n.D = 1 + random() % 20;
    n.Dv = 1 + random() % 20;
    n.dtype = static_cast<DType>(random() % 3);
    SCOPED_TRACE("round " + std::to_string(round));
    expectSame(ModProgram::identity(), Problem(n, random()), {});
  }
}

TEST(Reference, CausalSoftcapSinkProbAndDropoutTogether) {
  auto sinks = buffer<F32>("sinks", {Hq});
  auto cap = param<F32>("cap");
  ModProgram mod = built(ModBuilder()
                             .mask(q >= kv)
                             .score(cap * tanh(score / cap))
                             .prob(prob * f32(1 + (kv & 1)))
                             .sink(sinks[h]));
  std::mt19937_64 random(11);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    ProblemSizes n = {2, 4, 2, 5, 9, 6, 3, static_cast<DType>(round % 3)};
    Problem problem(n, random());
    std::vector<float> sinkData = {-1, 0.5f, 2, 30};
    int32_t kvOffsets[2] = {-3, 2};
    const uint64_t seed = random(), offset = random();
    const double rate = (round % 10) / 10.0;
    RunArgs &args = problem.args;
    args.captures = {
        {"cap", Scalar::i32(3)},
        {"sinks", Tensor::contiguous(sinkData.data(), DType::F32, {4})}};
    args.dropout = DropoutArg{rate, seed, offset};
    args.qOffset.scalar = 1;
    args.kvOffset.perBatch = Tensor::contiguous(kvOffsets, DType::I32, {2});
    args.scale = 0.7f;

    Oracle oracle;
    oracle.scale = 0.7f;
    oracle.qOffset = [](int) { return 1; };
    oracle.kvOffset = [&](int b) { return kvOffsets[b]; };
    oracle.mask = [](int, int, int q, int kv) { return q >= kv; };
    oracle.score = [](double s, int, int, int, int) {
      return 3 * std::tanh(s / 3);
    };
    oracle.sink = [&](int, int h, int) { return double(sinkData[h]); };
    oracle.prob = [&](double p, int b, int h, int q, int kv) {
      uint32_t word =
          philox4x32({uint32_t(kv >> 2), uint32_t(q), uint32_t(b * 4 + h),
                      uint32_t(offset)},
                     {uint32_t(seed),
                      uint32_t(seed >> 32) ^ uint32_t(offset >> 32)})[kv & 3];
      if (word < std::floor(rate * 4294967296.0))
        return 0.0;
      return p * (kv & 1 ? 2 : 1) / (1 - rate);
    };
    expectSame(mod, problem, oracle);

    args.deterministic = true;
    oracle.prob = [](double p, int, int, int, int kv) {
      return p * (kv & 1 ? 2 : 1);
    };
    expectSame(mod, problem, oracle);
  }
}

// A word equal to the threshold is kept: rate = word / 2^32, exactly.
TEST(Reference, DropoutKeepsAtTheThreshold) {
  Problem problem({1, 1, 1, 1, 1, 4, 4});
  const uint32_t word = dropoutWord(3, 4, 0, 0, 0);
  problem.args.dropout = DropoutArg{word * 0x1p-32, 3, 4};
  EXPECT_NE(rowOf(ModProgram::identity(), problem.args).out[0], 0);
  problem.args.dropout->rate = (word + 1.0) * 0x1p-32;
  EXPECT_EQ(rowOf(ModProgram::identity(), problem.args).out[0], 0);
}

/// A of one row for a prob mod, relative to sum_j |p'_j v_j|.
static double amplification(const ModProgram &mod, Problem &problem) {
  ReferenceRow row = rowOf(mod, problem.args);
  double worst = 0;
  for (size_t d = 0; d < row.out.size(); ++d)
    worst = std::max(worst, row.absSum[d] / std::abs(row.out[d]));
  return worst;
}

// One key, so that out is its p' v, and A its p' |v|.
TEST(Reference, TheBoundKnowsHowSteepAProbModIs) {
  Problem problem({1, 1, 1, 1, 1, 64, 4});
  ModProgram plain = built(ModBuilder().sink(f32(h)));
  const double p =
      rowOf(plain, problem.args).out[0] / elementAt(problem.args.v, 0, 0, 0, 0);
  auto of = [&](auto hook) {
    return amplification(built(ModBuilder().prob(hook).sink(f32(h))), problem);
  };
  // At D = 64 the error of p is 64 u and a little for M.
  const double error =
      probError(DType::F32, 64, rowOf(plain, problem.args).magnitude);
  auto expected = [&](double slope, double largest, double result) {
    return slope +
           (kProbModRounding + kProbModCancellation * largest / result) / error;
  };
  const double p4 = p * p * p * p;
  EXPECT_NEAR(of(prob * 3.0f), expected(1, 3 * p, 3 * p), 1e-3);
  EXPECT_NEAR(of(prob * prob), expected(2, p, p * p), 1e-3);
  EXPECT_NEAR(of(prob * prob * prob * prob), expected(4, p, p4), 1e-3);
  EXPECT_EQ(of(sqrt(prob)), 1); // half as steep, and then the mod's own error
  EXPECT_NEAR(of(1e3f + prob - 1e3f), expected(1, 1e3 + p, p), 1e-2);
  // A jump at p itself: what lies on either side.
  EXPECT_GT(of(where(prob > float(p), prob, prob * 0.5f)), 1000);
}

// With dropout the two roundings of its scale join.
TEST(Reference, TheBoundKnowsDropout) {
  Problem problem({1, 1, 1, 1, 1, 4, 4});
  const ModProgram mod = ModProgram::identity();
  EXPECT_NEAR(amplification(mod, problem), 1, 1e-6);
  problem.args.dropout = DropoutArg{dropoutWord(3, 4, 0, 0, 0) * 0x1p-32, 3, 4};
  const ReferenceRow row = rowOf(mod, problem.args);
  const double error = probError(DType::F32, 4, row.magnitude);
  EXPECT_NEAR(amplification(mod, problem), 1 + kDropoutRounding / error, 1e-6);
  problem.args.dropout->rate += 0x1p-32;
  EXPECT_THAT(rowOf(mod, problem.args).absSum, Each(0.0));
}

TEST(Reference, MaskTensorsBroadcast) {
  std::mt19937_64 random(13);
  for (auto shape : {std::vector<int64_t>{2, 2, 3, 5},
                     {1, 1, 1, 5},
                     {5},
                     {2, 1, 3, 1},
                     {3, 5},
                     {},
                     {2, 1, 1, 1}}) {
    Problem problem({2, 2, 1, 3, 5, 4, 4}, random());
    std::vector<uint8_t> bytes(60);
    for (uint8_t &byte : bytes)
      byte = random() % 3 == 0 ? 0 : 1 + random() % 255;
    Tensor mask = Tensor::contiguous(bytes.data(), DType::Bool, shape);
    problem.args.mask = mask;
    Oracle oracle;
    oracle.mask = [&](int b, int h, int q, int kv) {
      const int index[4] = {b, h, q, kv};
      int64_t at = 0;
      for (int axis = 0; axis < mask.rank; ++axis)
        if (mask.shape[axis] != 1)
          at += index[4 - mask.rank + axis] * mask.stride[axis];
      return bytes[at] != 0;
    };
    SCOPED_TRACE(mask.describe());
    expectSame(ModProgram::identity(), problem, oracle);
  }
}

TEST(Reference, SizesAndPositionsReachTheMod) {
  ModProgram mod = built(ModBuilder().score(
      score * 0.0 + f32(q_local) + f32(kv_local) * 10 + f32(kvh) * 100 +
      f32(b) * 1000 + f32(Sq + Skv + Hq + Hkv + B + D) +
      f32(B_global + Hq_global)));
  Problem problem({2, 4, 2, 3, 5, 4, 4});
  problem.args.qOffset.scalar = 70;
  problem.args.kvOffset.scalar = 80;
  Oracle oracle;
  oracle.qOffset = [](int) { return 70; };
  oracle.kvOffset = [](int) { return 80; };
  oracle.score = [](double, int b, int h, int q, int kv) {
    return (q - 70) + (kv - 80) * 10.0 + (h / 2) * 100 + b * 1000 +
           (3 + 5 + 4 + 2 + 2 + 4) + (2 + 4);
  };
  expectSame(mod, problem, oracle);
}

TEST(Reference, RowsWithoutKeys) {
  Problem problem({1, 1, 1, 2, 4, 4, 4});
  ModProgram none = built(ModBuilder().mask(q > kv)); // row 0 keeps nothing
  ReferenceRow row = rowOf(none, problem.args);
  EXPECT_THAT(row.out, Each(0.0));
  EXPECT_EQ(row.lse, -kInf);
  ModProgram infinite = built(ModBuilder().score(where(q > kv, score, -inf)));
  row = rowOf(infinite, problem.args);
  EXPECT_THAT(row.out, Each(0.0));
  EXPECT_EQ(row.lse, -kInf);
  ModProgram sink = built(ModBuilder().mask(q > kv).sink(f32(h) + 2.5f));
  row = rowOf(sink, problem.args);
  EXPECT_THAT(row.out, Each(0.0));
  EXPECT_EQ(row.lse, 2.5);
  // An infinite sink and no key: no NaN from inf - inf.
  ModProgram low = built(ModBuilder().mask(q > kv).sink(f32(h) - inf));
  row = rowOf(low, problem.args);
  EXPECT_THAT(row.out, Each(0.0));
  EXPECT_EQ(row.lse, -kInf);
}

TEST(Reference, NoKeysAtAll) {
  Problem problem({1, 2, 1, 3, 0, 4, 4});
  problem.args.k.data = problem.args.v.data = nullptr;
  ReferenceRow row = rowOf(ModProgram::identity(), problem.args, 0, 1, 2);
  EXPECT_THAT(row.out, Each(0.0));
  EXPECT_EQ(row.lse, -kInf);
}

TEST(Reference, FiniteMinimaAreOrdinaryScores) {
  Problem problem({1, 1, 1, 1, 4, 4, 4});
  ModProgram mod = built(ModBuilder().score(
      where(q >= kv, score * 0.0 - 3e38f, score * 0.0 - 3e38f)));
  Oracle oracle;
  oracle.score = [](double, int, int, int, int) { return double(-3e38f); };
  expectSame(mod, problem, oracle); // the mean of v
}

TEST(Reference, NaNAndInfinityMakeTheRowNaN) {
  Problem problem({1, 1, 1, 3, 4, 4, 4});
  for (float bad : {kNaN, kInf}) {
    auto poison = param<F32>("poison");
    ModProgram mod = built(
        ModBuilder().score(where(q == 1 && kv == 2, score + poison, score)));
    problem.args.captures = {{"poison", Scalar::f32(bad)}};
    for (int i = 0; i < 3; ++i) {
      ReferenceRow row = rowOf(mod, problem.args, 0, 0, i);
      EXPECT_EQ(std::isnan(row.lse), i == 1);
      for (double value : row.out)
        EXPECT_EQ(std::isnan(value), i == 1);
    }
  }
}

TEST(Reference, NaNShowsThroughProbModAndDropout) {
  Problem problem({1, 1, 1, 1, 4, 4, 4});
  setElement(problem.args.k, 0, 0, 1, 0, kNaN);
  ModProgram mod = built(ModBuilder().prob(where(prob > 0.5f, prob, 0.0f)));
  problem.args.dropout = DropoutArg{0.999, 1, 1};
  ReferenceRow row = rowOf(mod, problem.args);
  EXPECT_TRUE(std::isnan(row.lse));
  for (double value : row.out)
    EXPECT_TRUE(std::isnan(value));
}

TEST(Reference, KeysThatARowDoesNotKeepAreNotSeen) {
  ProblemSizes n = {1, 2, 1, 4, 8, 4, 4};
  ModProgram causal = built(ModBuilder().mask(q >= kv));
  Problem clean(n, 5), dirty(n, 5);
  for (int64_t j = 4; j < 8; ++j)
    for (int64_t d = 0; d < 4; ++d) {
      setElement(dirty.args.k, 0, 0, j, d, d % 2 ? kNaN : kInf);
      setElement(dirty.args.v, 0, 0, j, d, kNaN);
    }
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t i = 0; i < 4; ++i) {
      ReferenceRow want = rowOf(causal, clean.args, 0, h, i);
      ReferenceRow got = rowOf(causal, dirty.args, 0, h, i);
      EXPECT_EQ(got.out, want.out);
      EXPECT_EQ(got.absSum, want.absSum);
      EXPECT_EQ(got.lse, want.lse);
    }
}

TEST(Reference, WithoutSoftmaxScoresAreWeights) {
  Problem problem({1, 2, 2, 3, 5, 4, 4});
  problem.args.lse.reset();
  ModProgram mod = built(ModBuilder()
                             .mask(q >= kv)
                             .score(sigmoid(score))
                             .normalize(Normalize::None));
  ReferenceRow row = rowOf(mod, problem.args, 0, 1, 2);
  for (int d = 0; d < 4; ++d) {
    double want = 0;
    for (int j = 0; j <= 2; ++j) {
      double s = 0;
      for (int e = 0; e < 4; ++e)
        s += elementAt(problem.args.q, 0, 1, 2, e) *
             elementAt(problem.args.k, 0, 1, j, e) * 0.5;
      want += elementAt(problem.args.v, 0, 1, j, d) / (1 + std::exp(-s));
    }
    EXPECT_NEAR(row.out[d], want, 1e-12);
  }
  problem.args.lse = problem.make({1, 2, 3}, DType::F32);
  EXPECT_FALSE(Reference::create(mod, problem.args));
}

TEST(Reference, MagnitudeIsTheLargestIntermediateThatCounts) {
  Problem problem({1, 1, 1, 1, 3, 1, 1});
  for (int j = 0; j < 3; ++j)
    setElement(problem.args.k, 0, 0, j, 0, j + 1);
  setElement(problem.args.q, 0, 0, 0, 0, 2);
  ModProgram big = built(ModBuilder().score((score + 1000.0f) - 1000.0f));
  EXPECT_EQ(rowOf(big, problem.args).magnitude, 1006);
  EXPECT_EQ(rowOf(ModProgram::identity(), problem.args).magnitude, 6);
  // -1e9 means "not this key"; its weight is 0 whatever the rounding.
  ModProgram masked =
      built(ModBuilder().score(score + where(kv == 1, -1e9f, 0.0f)));
  EXPECT_EQ(rowOf(masked, problem.args).magnitude, 6);
  // Not so where the row has nothing else.
  ModProgram all = built(ModBuilder().score(score - 1e9f));
  EXPECT_NEAR(rowOf(all, problem.args).magnitude, 1e9, 10);
  // Nor where rounding could bring it back.
  ModProgram cancelled =
      built(ModBuilder().score((score + where(kv == 1, 1e9f, 0.0f)) -
                               where(kv == 1, 1e9f + 192.0f, 0.0f)));
  EXPECT_NEAR(rowOf(cancelled, problem.args).magnitude, 1e9, 10);
}

TEST(Reference, ErrorsNameWhatIsWrong) {
  Problem problem({1, 2, 1, 3, 5, 4, 4});
  auto message = [&](const ModProgram &mod) {
    Expected<Reference> reference = Reference::create(mod, problem.args);
    return reference ? "no error" : reference.error().message();
  };
  auto slopes = buffer<F32>("slopes", {Hq});
  EXPECT_THAT(message(built(ModBuilder().score(score * slopes[h]))),
              HasSubstr("buffer `slopes` is missing"));
  RunArgs good = problem.args;
  problem.args.k.rank = 3;
  EXPECT_THAT(message(ModProgram::identity()), HasSubstr("`k`"));
  problem.args.k.rank = -7;
  EXPECT_THAT(message(ModProgram::identity()), HasSubstr("rank -7"));
  problem.args = good;
  problem.args.q.shape[3] = 600;
  EXPECT_THAT(message(ModProgram::identity()), HasSubstr("1 to 512"));
  problem.args = good;
  problem.args.q.dtype = static_cast<DType>(77);
  EXPECT_THAT(message(ModProgram::identity()), HasSubstr("77"));
}

TEST(Signature, HoldsWhatHooksUse) {
  auto used = param<F32>("used");
  auto bias = buffer<F32>("bias", {Sq, Skv});
  auto other = buffer<F32>("other", {Skv});
  ModProgram mod = built(ModBuilder()
                             .param(param<I32>("unused"))
                             .buffer(buffer<I32>("spare", {B}))
                             .score(score * used + bias(q, kv))
                             .mask(other[kv_local] > 0.0f));
  KernelSignature signature = signatureOf(mod, AttentionSpec::of(64));
  EXPECT_EQ(signature.params.size(), 2u);
  EXPECT_THAT(signature.paramSource,
              testing::ElementsAre(mod.paramOrdinal("used")));
  EXPECT_EQ(signature.bufferSource.size(), 2u);
  auto use = [&](std::string_view name) {
    return signature.bufferAxisUse[mod.bufferOrdinal(name)];
  };
  EXPECT_TRUE(use("bias")[0].byQ);
  EXPECT_FALSE(use("bias")[0].byKv);
  EXPECT_TRUE(use("bias")[1].byKv);
  EXPECT_FALSE(use("other")[0].byKv);
  EXPECT_FALSE(use("spare")[0].byQ);
}
