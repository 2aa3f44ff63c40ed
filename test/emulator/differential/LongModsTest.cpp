//===- LongModsTest.cpp - GPU kernels of mods kept in a loop --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Mods whose code is too long to be emitted for each pair, against the
// Reference; and faults put into their loop.
//
//===----------------------------------------------------------------------===//

#include "GpuKernel.h"
#include "Harness.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <regex>

using namespace attnjit;
using namespace attnjit::test;

namespace {

/// Of pairs, rows, keys and their distances, so long that decode, too, with
/// eight pairs a lane, keeps it in a loop.
constexpr char kScore[] =
    "mod long_score\nbuffer a : f32[40, ?]\nbuffer c : f32[40, ?]\n"
    "score = (score + tanh(sum(i in 0..40: a[i, q] * c[i, kv] *\n"
    "    f32((q * i + kv) % 7 - 3) * f32((kv * i + q) % 5 - 2)))\n"
    "    + exp(-0.01 * f32(abs(q - kv))) * tanh(0.1 * f32(q - kv)))\n";
/// The second half asks of keys alone, where values are copied.
constexpr char kMask[] =
    "mod long_mask\nbuffer lo : i32[40] in [-50, 50]\n"
    "buffer keep : bool[40, Skv]\n"
    "mask = (any(i in 0..40: lo[i] <= q - kv and\n"
    "    (q * i + kv) % 7 < 3 and (kv * i + q) % 5 > 3)\n"
    "    and any(i in 0..40: keep[i, kv_local] and (kv * i) % 9 == 4))\n";
constexpr char kProb[] =
    "mod long_prob\nbuffer w : f16[40, Skv] in [0, 1]\nmask = q >= kv\n"
    "prob = prob * (1.5 + tanh(sum(i in 0..40: w[i, kv_local] *\n"
    "    f32((q * i + kv) % 7 - 3) * f32((kv * i + q) % 5 - 2)))\n"
    "    + 0.5 * tanh(0.1 * f32(q - kv)))\n";
/// Weights only known after a first pass; pairs that are not kept stay 0.
constexpr char kTwoPasses[] =
    "mod two_passes\nmask = q >= kv and (q + kv) % 3 != 0\n"
    "prob = prob + 0.01 * tanh(1.3 + sin(1.4 + tanh(1.5 + sin(1.6 +\n"
    "    tanh(1.7 + sin(1.8 + tanh(1.9 + sin(prob))))))))\n";

struct LongCase {
  const char *name, *mod;
  Entry entry;
  Shape shape;
  int64_t splitKeys = 0;
};

void PrintTo(const LongCase &one, std::ostream *stream) { *stream << one.name; }

const LongCase kCases[] = {
    {"Score64",
     kScore,
     Entry::Prefill,
     {.group = 2,
      .Sq = 100,
      .Skv = 193,
      .D = 64,
      .Dv = 64,
      .offsets = Offsets::PerBatch,
      .dtype = DType::BF16}},
    {"Score128",
     kScore,
     Entry::Prefill,
     {.Sq = 140, .Skv = 70, .D = 128, .Dv = 128, .dtype = DType::F16}},
    // Eight rows of eight distances fewer, half of the columns.
    {"Score256",
     kScore,
     Entry::Prefill,
     {.Sq = 17, .Skv = 100, .D = 256, .Dv = 20, .dtype = DType::BF16}},
    {"ScoreF32",
     kScore,
     Entry::Prefill,
     {.Sq = 70, .Skv = 100, .D = 40, .Dv = 40, .scale = ScaleKind::Negative}},
    {"ScoreWideF32",
     kScore,
     Entry::Prefill,
     {.Sq = 40, .Skv = 64, .D = 128, .Dv = 128}},
    {"ScoreDecode",
     kScore,
     Entry::Decode,
     {.group = 4,
      .Sq = 5,
      .Skv = 300,
      .D = 64,
      .Dv = 64,
      .offsets = Offsets::Scalar,
      .dtype = DType::BF16},
     128},
    {"Mask64",
     kMask,
     Entry::Prefill,
     {.B = 2,
      .Sq = 100,
      .Skv = 193,
      .D = 64,
      .Dv = 64,
      .offsets = Offsets::Scalar,
      .dtype = DType::BF16}},
    {"Mask128",
     kMask,
     Entry::Prefill,
     {.Sq = 70,
      .Skv = 129,
      .D = 128,
      .Dv = 80,
      .mask = MaskKind::Full,
      .dtype = DType::F16}},
    {"MaskF32",
     kMask,
     Entry::Prefill,
     {.Sq = 64, .Skv = 100, .D = 64, .Dv = 64}},
    {"MaskDecode",
     kMask,
     Entry::Decode,
     {.group = 3,
      .Sq = 4,
      .Skv = 200,
      .D = 128,
      .Dv = 128,
      .dtype = DType::F16},
     64},
    {"Prob64",
     kProb,
     Entry::Prefill,
     {.Sq = 100, .Skv = 193, .D = 64, .Dv = 64, .dtype = DType::BF16}},
    {"Prob128",
     kProb,
     Entry::Prefill,
     {.Sq = 70,
      .Skv = 129,
      .D = 128,
      .Dv = 128,
      .dtype = DType::F16,
      .drop = Drop::Some}},
    {"ProbF32",
     kProb,
     Entry::Prefill,
     {.Sq = 64, .Skv = 70, .D = 80, .Dv = 80}},
    {"ProbDecode",
     kProb,
     Entry::Decode,
     {.group = 4, .Sq = 2, .Skv = 200, .D = 64, .Dv = 64, .dtype = DType::BF16},
     64},
    {"TwoPasses",
     kTwoPasses,
     Entry::Prefill,
     {.Sq = 80, .Skv = 100, .D = 64, .Dv = 64, .dtype = DType::BF16}},
};

/// A kernel that holds a loop, and what it is run on.
struct Subject {
  explicit Subject(const LongCase &one)
      : mod(parsed(one.mod)), problem(mod, one.shape, /*seed=*/1) {
    Expected<GpuKernel> made = GpuKernel::compile(
        mod, problem.spec(), *TargetSpec::parse("sm_80"), one.entry);
    if (!made) {
      ADD_FAILURE() << made.error().message();
      return;
    }
    kernel.emplace(std::move(*made));
    kernel->splitKeys = one.splitKeys;
  }

  std::string judge(GpuKernel &tried) {
    return runAndJudge(mod, tried, problem, /*seed=*/2);
  }

  ModProgram mod;
  Problem problem;
  std::optional<GpuKernel> kernel;
};

class GpuLongMod : public testing::TestWithParam<LongCase> {};

TEST_P(GpuLongMod, AgreesWithTheReference) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  // What keeps LLVM from unrolling the loop.
  EXPECT_NE(subject.kernel->ir().find("llvm.loop.unroll.disable"),
            std::string::npos);
  EXPECT_EQ(subject.judge(*subject.kernel), "");
}

INSTANTIATE_TEST_SUITE_P(Cases, GpuLongMod, testing::ValuesIn(kCases),
                         [](const auto &info) { return info.param.name; });

// A loop that leaves the last of eight blocks as it is. Others of eight turns
// copy rows that are not aligned, of which there are none.
TEST(GpuLongModFault, IsFound) {
  Subject subject(kCases[0]);
  ASSERT_TRUE(subject.kernel);
  const std::string text = subject.kernel->ir();
  const std::string changed = std::regex_replace(
      text, std::regex(R"((icmp eq i32 %\S+), 8\b)"), "$1, 7");
  ASSERT_NE(changed, text);
  Expected<GpuKernel> broken = subject.kernel->withIr(changed);
  ASSERT_TRUE(broken) << broken.error().message();
  EXPECT_NE(subject.judge(*broken), "");
}

} // namespace
