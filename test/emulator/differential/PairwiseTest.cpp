//===- PairwiseTest.cpp - Generated GPU kernels against the Reference -----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The covering cases, prefilled and decoded. A case is repeated by its name:
// --gtest_filter='*GpuPrefill*/17'.
//
//===----------------------------------------------------------------------===//

#include "GpuCases.h"
#include "GpuKernel.h"
#include "Harness.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>
#include <utility>

using namespace attnjit;
using namespace attnjit::test;

namespace {

/// Compiles, runs and compares. The seed is that of the data and the schedule.
void check(const GpuCase &one, uint64_t seed) {
  const ModProgram mod = parsed(one.mod);
  SCOPED_TRACE(fmt::format(
      "{}\n{} for {}, {} keys a split", describeCase(mod, one.shape, seed),
      nameOf(one.entry), one.target.name(), one.splitKeys));
  Problem problem(mod, one.shape, seed);
  Expected<GpuKernel> kernel =
      GpuKernel::compile(mod, problem.spec(), one.target, one.entry);
  ASSERT_TRUE(kernel) << kernel.error().message();
  kernel->splitKeys = one.splitKeys;
  EXPECT_EQ(runAndJudge(mod, *kernel, problem, seed), "");
}

class GpuPrefill : public testing::TestWithParam<uint64_t> {};

TEST_P(GpuPrefill, AgreesWithTheReference) {
  check(coveringGpuCases(Entry::Prefill)[GetParam()], GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Cover, GpuPrefill,
    testing::Range<uint64_t>(0, coveringGpuCases(Entry::Prefill).size()));

class GpuDecode : public testing::TestWithParam<uint64_t> {};

// Few queries of a group of heads, the keys split among blocks of threads.
TEST_P(GpuDecode, AgreesWithTheReference) {
  check(coveringGpuCases(Entry::Decode)[GetParam()], GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Cover, GpuDecode,
    testing::Range<uint64_t>(0, coveringGpuCases(Entry::Decode).size()));

TEST(GpuCases, HoldWhatKernelsDifferBy) {
  for (Entry entry : {Entry::Prefill, Entry::Decode}) {
    std::set<std::pair<int64_t, std::string_view>> mods;
    std::set<std::pair<int64_t, int64_t>> splits;
    std::set<std::pair<int64_t, DType>> dtypes;
    for (const GpuCase &one : coveringGpuCases(entry)) {
      mods.insert({one.shape.D, one.mod});
      splits.insert({one.shape.D, one.splitKeys});
      dtypes.insert({one.shape.D, one.shape.dtype});
    }
    // Ten head sizes, odd ones and 256 among them.
    const bool isDecode = entry == Entry::Decode;
    EXPECT_EQ(mods.size(), 10 * (gpuMods().size() - (isDecode ? 1 : 0)));
    EXPECT_EQ(splits.size(), isDecode ? 30u : 10u);
    EXPECT_EQ(dtypes.size(), 30u);
    EXPECT_TRUE(dtypes.contains({5, DType::F16}));
    EXPECT_TRUE(dtypes.contains({256, DType::F32}));
  }
}

// What the cases leave out, and why.
TEST(GpuRefusals, SayWhy) {
  for (const char *text : gpuMods())
    for (DType dtype : {DType::BF16, DType::F16, DType::F32})
      for (Entry entry : {Entry::Prefill, Entry::Decode}) {
        const std::string_view why = refusalOf(text, entry);
        if (why.empty())
          continue;
        SCOPED_TRACE(fmt::format("{}{} {}", text, name(dtype), nameOf(entry)));
        Expected<GpuKernel> kernel = GpuKernel::compile(
            parsed(text), {64, 64, dtype}, *TargetSpec::parse("sm_80"), entry);
        ASSERT_FALSE(kernel);
        EXPECT_THAT(kernel.error().message(),
                    testing::HasSubstr(std::string(why)));
      }
}

} // namespace
