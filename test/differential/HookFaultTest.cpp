//===- HookFaultTest.cpp - Faults of prob mods and dropout are rejected ---===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention in two passes over the keys in f32, once right and once with each
// fault that prob mods and dropout may bring. The comparison with the Reference
// must accept the first and reject every other one.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "attnjit/Reference/Philox.h"
#include "attnjit/Reference/Reference.h"

#include <cmath>
#include <iterator>

using namespace attnjit;
using namespace attnjit::test;

namespace {

enum class Fault {
  None,
  NeighbourWord,     ///< the next word of the call decides
  WordOfLocalKey,    ///< kv without its offset
  WordOfLocalQuery,  ///< q without its offset
  WordOfOtherHead,   ///< h in place of b * Hq + h
  LowSeedAlone,      ///< the upper half of the seed is lost
  LowOffsetAlone,    ///< the upper half of the offset is lost
  DropsTheKept,      ///< word < threshold is kept
  NoDropoutScale,    ///< kept weights are not scaled
  SumWithoutDropped, ///< l counts kept weights alone
  ModOfWeights,      ///< the prob mod sees exp(s - m)
  StaleSum,          ///< l is not rescaled when the maximum moves
  SumWithoutSink,    ///< the second pass divides by l of the keys alone
  ModOfMasked,       ///< pairs that are not kept have a prob mod
  ModAfterDropout,   ///< the prob mod sees 0 for dropped pairs
  SixteenBitProb,    ///< p is rounded to 11 bits
};
constexpr int kFaults = static_cast<int>(Fault::SixteenBitProb) + 1;

constexpr const char *kMod = "mod hooks\nmask = q >= kv\nsink = 0.5\n"
                             "prob = sqrt(prob) + 0.125\n";

class TwoPassAttention {
public:
  TwoPassAttention(Problem &problem, Fault fault)
      : args(problem.args), n(problem.shape()), fault(fault) {}

  void run() {
    for (int64_t b = 0; b < n.B; ++b)
      for (int64_t h = 0; h < n.Hq(); ++h)
        for (int64_t i = 0; i < n.Sq; ++i)
          runRow(b, h, i);
  }

private:
  bool isKept(int64_t i, int64_t j) const {
    return i + args.qOffset.scalar >= j + args.kvOffset.scalar;
  }

  float score(int64_t b, int64_t h, int64_t i, int64_t j) const {
    float sum = 0;
    for (int64_t d = 0; d < n.D; ++d)
      sum = std::fma(at<float>(args.q, {b, h, i, d}),
                     at<float>(args.k, {b, h / n.group, j, d}), sum);
    return sum / std::sqrt(static_cast<float>(n.D));
  }

  bool isDropped(int64_t b, int64_t h, int64_t i, int64_t j) const {
    uint64_t seed = args.dropout->seed, offset = args.dropout->offset;
    if (fault == Fault::LowSeedAlone)
      seed &= 0xFFFFFFFF;
    if (fault == Fault::LowOffsetAlone)
      offset &= 0xFFFFFFFF;
    int64_t q =
        i + (fault == Fault::WordOfLocalQuery ? 0 : args.qOffset.scalar);
    int64_t kv =
        j + (fault == Fault::WordOfLocalKey ? 0 : args.kvOffset.scalar);
    if (fault == Fault::NeighbourWord)
      kv ^= 1;
    int64_t head = fault == Fault::WordOfOtherHead ? h : b * n.Hq() + h;
    uint32_t word =
        dropoutWord(seed, offset, static_cast<uint32_t>(head),
                    static_cast<int32_t>(q), static_cast<int32_t>(kv));
    auto threshold = static_cast<uint32_t>(args.dropout->rate * 0x1p32);
    return (word < threshold) != (fault == Fault::DropsTheKept);
  }

  float probMod(float p) const { return std::sqrt(p) + 0.125f; }

  /// m and l of a row, the keys one after another.
  void sumRow(int64_t b, int64_t h, int64_t i) {
    m = fault == Fault::SumWithoutSink ? -INFINITY : 0.5f;
    l = fault == Fault::SumWithoutSink ? 0 : 1;
    for (int64_t j = 0; j < n.Skv; ++j) {
      if (!isKept(i, j) ||
          (fault == Fault::SumWithoutDropped && isDropped(b, h, i, j)))
        continue;
      float s = score(b, h, i, j);
      if (s > m) {
        if (fault != Fault::StaleSum)
          l *= std::exp(m - s);
        m = s;
      }
      l += std::exp(s - m);
    }
  }

  float weightOf(int64_t b, int64_t h, int64_t i, int64_t j) const {
    float p = isKept(i, j) ? std::exp(score(b, h, i, j) - m) / l : 0;
    if (fault == Fault::ModOfWeights)
      p *= l;
    if (fault == Fault::SixteenBitProb)
      p = halfToFloat(floatToHalf(p));
    if (fault == Fault::ModAfterDropout && isDropped(b, h, i, j))
      p = 0;
    const bool isSeen = isKept(i, j) || fault == Fault::ModOfMasked;
    const bool isZero =
        fault != Fault::ModAfterDropout && isDropped(b, h, i, j);
    float weight = isSeen && !isZero ? probMod(p) : 0;
    return fault == Fault::NoDropoutScale
               ? weight
               : weight / static_cast<float>(1 - args.dropout->rate);
  }

  void runRow(int64_t b, int64_t h, int64_t i) {
    sumRow(b, h, i);
    std::vector<float> acc(n.Dv);
    for (int64_t j = 0; j < n.Skv; ++j) {
      const float weight = weightOf(b, h, i, j);
      for (int64_t d = 0; d < n.Dv; ++d)
        acc[d] += weight * at<float>(args.v, {b, h / n.group, j, d});
    }
    for (int64_t d = 0; d < n.Dv; ++d)
      at<float>(args.out, {b, h, i, d}) = acc[d];
    at<float>(*args.lse, {b, h, i}) = m + std::log(l);
  }

  const RunArgs &args;
  const Shape &n;
  Fault fault;
  float m = 0, l = 0;
};

} // namespace

/// What the comparison says of a run with `fault`.
static void expectVerdict(Fault fault, Data data) {
  const ModProgram mod = parsed(kMod);
  Shape shape = {.B = 2, .Hkv = 1, .group = 2, .Sq = 37, .Skv = 50};
  shape.D = 16;
  shape.Dv = 9;
  shape.data = data;
  shape.drop = Drop::Some;
  Problem problem(mod, shape, 5);
  problem.args.qOffset.scalar = 9;
  problem.args.kvOffset.scalar = 6;
  problem.args.dropout = DropoutArg{0.25, 0x500000007, 0x300000002};
  TwoPassAttention(problem, fault).run();
  Expected<CheckReport> report = checkAgainstReference(mod, problem.args);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->ok, fault == Fault::None)
      << "worst " << report->worstBoundRatio << " at " << report->worst << "\n"
      << shape.describe();
}

namespace {
struct NamedFault {
  const char *name;
  Fault fault;
};
class HookFaults : public testing::TestWithParam<NamedFault> {};
} // namespace

static constexpr NamedFault kNamedFaults[] = {
    {"NeighbourWord", Fault::NeighbourWord},
    {"WordOfLocalKey", Fault::WordOfLocalKey},
    {"WordOfLocalQuery", Fault::WordOfLocalQuery},
    {"WordOfOtherHead", Fault::WordOfOtherHead},
    {"LowSeedAlone", Fault::LowSeedAlone},
    {"LowOffsetAlone", Fault::LowOffsetAlone},
    {"DropsTheKept", Fault::DropsTheKept},
    {"NoDropoutScale", Fault::NoDropoutScale},
    {"SumWithoutDropped", Fault::SumWithoutDropped},
    {"ModOfWeights", Fault::ModOfWeights},
    {"StaleSum", Fault::StaleSum},
    {"SumWithoutSink", Fault::SumWithoutSink},
    {"ModOfMasked", Fault::ModOfMasked},
    {"ModAfterDropout", Fault::ModAfterDropout},
    {"SixteenBitProb", Fault::SixteenBitProb},
};
static_assert(std::size(kNamedFaults) + 1 == kFaults);

TEST_P(HookFaults, IsRejected) {
  for (Data data : {Data::Normal, Data::Rising})
    expectVerdict(GetParam().fault, data);
}

INSTANTIATE_TEST_SUITE_P(All, HookFaults, testing::ValuesIn(kNamedFaults),
                         [](const auto &info) { return info.param.name; });

TEST(NoHookFault, IsAccepted) {
  for (Data data : {Data::Normal, Data::Rising})
    expectVerdict(Fault::None, data);
}
