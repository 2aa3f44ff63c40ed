//===- FaultTest.cpp - The check rejects what broken kernels compute ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention in f32 by blocks of keys, once right and once with each fault that
// a kernel may have. The comparison with the Reference must accept the first
// and reject every other one, on every shape where the fault shows.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "attnjit/Reference/Reference.h"

#include <cmath>
#include <iterator>

using namespace attnjit;
using namespace attnjit::test;

namespace {

enum class Fault {
  None,
  SkippedTile,      ///< four keys in the middle are left out
  SkippedLastKey,   ///< the ragged end is left out
  CountedTwice,     ///< one key is counted twice
  WindowTooWide,    ///< one more key than the mask keeps
  WindowTooNarrow,  ///< the diagonal is left out
  NextKeyValues,    ///< v is read one row on
  StaleAccumulator, ///< a row starts from what the row before left
  DroppedRescale,   ///< the sums are not scaled when the maximum moves
  RescaledSumOnly,  ///< the accumulator is not scaled, the sum is
  WrongKvHead,      ///< k and v of another head
  NoScale,          ///< scale forgotten
  NotNormalized,    ///< not divided by the sum
  LseWithoutMax,    ///< lse = log(l)
  LseInBits,        ///< lse in units of log 2
  IgnoredOffset,    ///< positions without q_offset
  SixteenBitWeights ///< p rounded to 11 bits
};
constexpr int kFaults = static_cast<int>(Fault::SixteenBitWeights) + 1;

/// Causal attention with a window of `kWindow` keys over blocks of 16 keys.
class BlockedAttention {
public:
  static constexpr int64_t kWindow = 40, kBlock = 16;
  static constexpr const char *kMod = "mod window\n"
                                      "mask = q >= kv and q - kv < 40\n";

  BlockedAttention(Problem &problem, Fault fault)
      : args(problem.args), n(problem.shape()), fault(fault) {}

  void run() {
    acc.assign(n.Dv, 0);
    for (int64_t b = 0; b < n.B; ++b)
      for (int64_t h = 0; h < n.Hq(); ++h)
        for (int64_t i = 0; i < n.Sq; ++i)
          runRow(b, h, i);
  }

private:
  bool isKept(int64_t i, int64_t j) const {
    int64_t q = i + (fault == Fault::IgnoredOffset ? 0 : args.qOffset.scalar);
    int64_t distance = q - j - args.kvOffset.scalar;
    int64_t first = fault == Fault::WindowTooNarrow ? 1 : 0;
    int64_t last = kWindow + (fault == Fault::WindowTooWide ? 1 : 0);
    bool isSkipped = (fault == Fault::SkippedTile && j / 4 == n.Skv / 8) ||
                     (fault == Fault::SkippedLastKey && j + 1 == n.Skv);
    return !isSkipped && distance >= first && distance < last;
  }

  float score(int64_t b, int64_t h, int64_t kvh, int64_t i, int64_t j) const {
    float sum = 0;
    for (int64_t d = 0; d < n.D; ++d)
      sum = std::fma(at<float>(args.q, {b, h, i, d}),
                     at<float>(args.k, {b, kvh, j, d}), sum);
    return fault == Fault::NoScale ? sum
                                   : sum / std::sqrt(static_cast<float>(n.D));
  }

  void rescale(float factor) {
    if (fault == Fault::DroppedRescale)
      return;
    l *= factor;
    if (fault != Fault::RescaledSumOnly)
      for (float &value : acc)
        value *= factor;
  }

  void addKey(int64_t b, int64_t kvh, int64_t j, float p) {
    l += p;
    if (fault == Fault::SixteenBitWeights)
      p = halfToFloat(floatToHalf(p));
    int64_t row = fault == Fault::NextKeyValues ? (j + 1) % n.Skv : j;
    for (int64_t d = 0; d < n.Dv; ++d)
      acc[d] += p * at<float>(args.v, {b, kvh, row, d});
  }

  void runRow(int64_t b, int64_t h, int64_t i) {
    int64_t kvh = h / n.group;
    if (fault == Fault::WrongKvHead)
      kvh = h % n.Hkv;
    float m = -INFINITY;
    l = 0;
    if (fault != Fault::StaleAccumulator)
      acc.assign(n.Dv, 0);
    for (int64_t j0 = 0; j0 < n.Skv; j0 += kBlock) {
      const int64_t end = std::min(n.Skv, j0 + kBlock);
      float top = m;
      for (int64_t j = j0; j < end; ++j)
        if (isKept(i, j))
          top = std::max(top, score(b, h, kvh, i, j));
      if (top == -INFINITY)
        continue;
      if (m != -INFINITY)
        rescale(std::exp(m - top));
      m = top;
      for (int64_t j = j0; j < end; ++j)
        for (int n = 0;
             isKept(i, j) && n < 1 + (fault == Fault::CountedTwice && j == 30);
             ++n)
          addKey(b, kvh, j, std::exp(score(b, h, kvh, i, j) - m));
    }
    finish(b, h, i, m);
  }

  void finish(int64_t b, int64_t h, int64_t i, float m) {
    float factor = l == 0 ? 0 : fault == Fault::NotNormalized ? 1 : 1 / l;
    for (int64_t d = 0; d < n.Dv; ++d)
      at<float>(args.out, {b, h, i, d}) = acc[d] * factor;
    float lse = fault == Fault::LseWithoutMax ? std::log(l) : m + std::log(l);
    if (fault == Fault::LseInBits)
      lse *= 1.4426950f;
    at<float>(*args.lse, {b, h, i}) = l == 0 ? -INFINITY : lse;
  }

  const RunArgs &args;
  const Shape &n;
  Fault fault;
  std::vector<float> acc;
  float l = 0;
};

} // namespace

/// What the comparison says of a run with `fault`.
static void expectVerdict(Fault fault, Data data, int64_t Sq) {
  const ModProgram mod = parsed(BlockedAttention::kMod);
  Shape shape = {.B = 1, .Hkv = 2, .group = 3, .Sq = Sq, .Skv = 50};
  shape.D = 16;
  shape.Dv = 9;
  shape.data = data;
  shape.offsets = Offsets::Scalar;
  Problem problem(mod, shape, 5);
  BlockedAttention(problem, fault).run();
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
  /// Whether it shows only where the maximum of a row moves often.
  bool isOfMaxima = false;
};
class Faults : public testing::TestWithParam<NamedFault> {};
} // namespace

// clang-format off
static constexpr NamedFault kNamedFaults[] = {
    {"SkippedTile", Fault::SkippedTile},
    {"SkippedLastKey", Fault::SkippedLastKey},
    {"KeyCountedTwice", Fault::CountedTwice},
    {"WindowTooWide", Fault::WindowTooWide},
    {"WindowTooNarrow", Fault::WindowTooNarrow},
    {"ValuesOfTheNextKey", Fault::NextKeyValues},
    {"StaleAccumulator", Fault::StaleAccumulator},
    {"DroppedRescale", Fault::DroppedRescale, true},
    {"RescaledSumOnly", Fault::RescaledSumOnly, true},
    {"WrongKvHead", Fault::WrongKvHead},
    {"NoScale", Fault::NoScale},
    {"NotNormalized", Fault::NotNormalized, true},
    {"LseWithoutMaximum", Fault::LseWithoutMax, true},
    {"LseInBits", Fault::LseInBits},
    {"WrongOffset", Fault::IgnoredOffset},
    {"SixteenBitWeights", Fault::SixteenBitWeights},
};
// clang-format on
static_assert(std::size(kNamedFaults) + 1 == kFaults);

TEST_P(Faults, IsRejected) {
  const auto [name, fault, isOfMaxima] = GetParam();
  for (int64_t Sq : {25, 70})
    expectVerdict(fault, Data::Normal, Sq);
  if (isOfMaxima)
    expectVerdict(fault, Data::Rising, 70);
}

INSTANTIATE_TEST_SUITE_P(All, Faults, testing::ValuesIn(kNamedFaults),
                         [](const auto &info) { return info.param.name; });

TEST(NoFault, IsAccepted) {
  for (int64_t Sq : {25, 70})
    for (Data data : {Data::Normal, Data::Rising})
      expectVerdict(Fault::None, data, Sq);
}

/// A watch over memory that nothing could set off would prove nothing.
TEST(MemoryFaultsDeathTest, AccessOutsideOfTensorsIsSeen) {
  const ModProgram mod = parsed("mod plain\n");
  for (Flush flush : {Flush::End, Flush::Start}) {
    Shape shape = {.Sq = 5, .Skv = 7, .D = 3, .Dv = 3};
    shape.flush = flush;
    Problem problem(mod, shape, 1);
    volatile const auto *k = static_cast<float *>(problem.args.k.data);
    setCrashNote("reading past k");
    EXPECT_DEATH(static_cast<void>(k[flush == Flush::End ? 7 * 3 : -1]),
                 "reading past k");
  }
}

TEST(MemoryFaults, WritingBetweenRowsIsSeen) {
  const ModProgram mod = parsed("mod plain\n");
  Shape shape = {.Sq = 5, .Skv = 7, .D = 3, .Dv = 3};
  shape.layout = Layout::Padded;
  Problem problem(mod, shape, 1);
  problem.clearOutputs();
  EXPECT_TRUE(problem.areGapsUntouched());
  at<float>(problem.args.out, {0, 0, 1, 2}) = 1;
  EXPECT_TRUE(problem.areGapsUntouched());
  at<float>(problem.args.out, {0, 0, 1, 3}) = 1;
  EXPECT_FALSE(problem.areGapsUntouched());
}
