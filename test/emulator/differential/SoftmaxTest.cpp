//===- SoftmaxTest.cpp - The online softmax of GPU kernels ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scores so large that m log2(e) cannot be rounded, rows that do not depend on
// those beside them, sums over many blocks, and walks over more than a chunk of
// blocks of which warps pass over some. The oracle is the Reference.
//
//===----------------------------------------------------------------------===//

#include "GpuKernel.h"
#include "Harness.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace attnjit;
using namespace attnjit::test;

namespace {

/// Compiles for sm_80, runs and compares; gives what is wrong.
std::string runCase(std::string_view text, Problem &problem,
                    Entry entry = Entry::Prefill) {
  const ModProgram mod = parsed(text);
  Expected<GpuKernel> kernel = GpuKernel::compile(
      mod, problem.spec(), *TargetSpec::parse("sm_80"), entry);
  return kernel ? runAndJudge(mod, *kernel, problem, /*seed=*/3)
                : kernel.error().message();
}

void fill(const Tensor &tensor, float x) {
  forEachElement(tensor, [&](const auto &, std::byte *address) {
    put(tensor, address, x);
  });
}

using ScoresCase = std::tuple<DType, Entry, const char *>;

std::string caseName(const ScoresCase &one) {
  const auto [dtype, entry, size] = one;
  std::string text = fmt::format("{}_{}_{}", name(dtype), nameOf(entry), size);
  for (char &c : text)
    c = c == '-' ? 'n' : c == '.' ? 'p' : c;
  return text;
}

class GpuScores : public testing::TestWithParam<ScoresCase> {};

// All scores of the first block are the same large number; of some rows, all
// there are.
TEST_P(GpuScores, OfAnySize) {
  const auto [dtype, entry, size] = GetParam();
  for (const char *form :
       {"score = where(kv >= 70, score, {})\nmask = q >= kv\n",
        "score = where(kv < 70, score, {})\n", "score = score + {}\n",
        "score = where(kv == q, {}, score)\n",
        "score = where(kv >= 70, score, {})\nmask = q >= kv\n"
        "prob = prob * prob\n"}) {
    const std::string text = fmt::format(fmt::runtime(form), size);
    SCOPED_TRACE(text);
    const bool isDecode = entry == Entry::Decode;
    // It makes one pass.
    if (isDecode && text.find("prob") != std::string::npos)
      continue;
    const Shape shape = {.group = isDecode ? 4 : 1,
                         .Sq = isDecode ? 2 : 100,
                         .Skv = 150,
                         .D = 64,
                         .Dv = 64,
                         .dtype = dtype};
    Problem problem(parsed(text), shape, /*seed=*/1);
    EXPECT_EQ(runCase(text, problem, entry), "");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, GpuScores,
    testing::Combine(testing::Values(DType::BF16, DType::F16, DType::F32),
                     testing::Values(Entry::Prefill, Entry::Decode),
                     testing::Values("-7.3e5", "-1.0e8", "-1.0e9", "-1.0e10",
                                     "-1.0e30", "-3.0e38", "1.0e7", "1.0e9",
                                     "1.0e30")),
    [](const auto &info) { return caseName(info.param); });

// Products of q and k without a mod, likewise.
TEST(GpuSoftmax, LargeProducts) {
  for (DType dtype : {DType::BF16, DType::F16, DType::F32})
    for (float size : {40.0f, 200.0f, 3000.0f}) {
      const std::string text = "mask = q >= kv\n";
      Problem problem(parsed(text),
                      {.Sq = 70, .Skv = 130, .D = 64, .Dv = 64, .dtype = dtype},
                      /*seed=*/2);
      // Every score is the same: weights are even.
      fill(problem.args.q, size);
      fill(problem.args.k, -size);
      SCOPED_TRACE(fmt::format("{} {}", name(dtype), size));
      EXPECT_EQ(runCase(text, problem), "");
    }
}

// A row's bits are the same whether the rows of its warp raise their maxima
// or not.
TEST(GpuSoftmax, RowsDoNotDependOnThoseBesideThem) {
  for (DType dtype : {DType::BF16, DType::F16, DType::F32}) {
    const ModProgram mod = parsed("score = 1.1 * score\n");
    const Shape shape = {
        .Sq = 32, .Skv = 300, .D = 64, .Dv = 64, .dtype = dtype};
    std::vector<std::byte> rows[2];
    for (bool hasOther : {false, true}) {
      Problem problem(mod, shape, /*seed=*/4);
      // Keys of the later blocks are larger: the other rows' maxima rise.
      if (hasOther)
        for (int64_t row = 1; row < shape.Sq; ++row)
          for (int64_t d = 0; d < shape.D; ++d) {
            if (dtype == DType::F32)
              at<float>(problem.args.q, {0, 0, row, d}) *= 17;
            else
              at<uint16_t>(problem.args.q, {0, 0, row, d}) ^= 0x8000;
          }
      Expected<GpuKernel> kernel = GpuKernel::compile(
          mod, problem.spec(), *TargetSpec::parse("sm_80"), Entry::Prefill);
      ASSERT_TRUE(kernel) << kernel.error().message();
      Expected<void> done = kernel->run(problem.args, /*seed=*/5);
      ASSERT_TRUE(done) << done.error().message();
      const auto *first = &at<std::byte>(problem.args.out, {0, 0, 0, 0});
      rows[hasOther].assign(first, first + shape.Dv * sizeBytes(dtype));
    }
    EXPECT_EQ(rows[0], rows[1]) << name(dtype);
  }
}

// Even weights over many blocks: what is rescaled by a little less or more than
// 1 in each drifts away from what is added last.
TEST(GpuSoftmax, EvenWeightsDoNotDrift) {
  for (float key : {0.731f, 1.377f, 2.113f}) {
    Problem problem(ModProgram::identity(),
                    {.Sq = 1, .Skv = 3000, .D = 64, .Dv = 16},
                    /*seed=*/1);
    fill(problem.args.q, 0.917f);
    fill(problem.args.k, key);
    for (int64_t j = 0; j < 3000; ++j)
      for (int64_t d = 0; d < 16; ++d)
        at<float>(problem.args.v, {0, 0, j, d}) = j < 1500 ? 1.0f : 0.0f;
    EXPECT_EQ(runCase("", problem), "") << key;
    EXPECT_NEAR(at<float>(problem.args.out, {0, 0, 0, 0}), 0.5, 5e-7) << key;
  }
}

// More than 32 blocks, of which warps pass over some in every chunk.
TEST(GpuSoftmax, WarpsPassOverBlocksOfSeveralChunks) {
  for (const char *text : {"mask = q + 4300 >= kv and q + 4300 - kv < 60\n",
                           "mask = q + 2000 >= kv and q + 2000 - kv < 300\n",
                           "mask = q + 2100 >= kv\n",
                           "mask = (q + kv // 64) % 40 == 3 and q * 40 >= kv\n",
                           "mask = q // 32 == (kv // 64) % 4\n"})
    for (DType dtype : {DType::BF16, DType::F32}) {
      Problem problem(
          parsed(text),
          {.Sq = 140, .Skv = 4400, .D = 16, .Dv = 16, .dtype = dtype},
          /*seed=*/6);
      SCOPED_TRACE(fmt::format("{} {}", name(dtype), text));
      EXPECT_EQ(runCase(text, problem), "");
    }
}

} // namespace
