//===- PairwiseTest.cpp - Generated GPU kernels against the Reference -----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The covering cases, prefilled and decoded. A case is repeated by its name:
// --gtest_filter='*Cover*/17'.
//
//===----------------------------------------------------------------------===//

#include "GpuCases.h"
#include "GpuKernel.h"
#include "Harness.h"

#include <fmt/format.h>

using namespace attnjit;
using namespace attnjit::test;

namespace {

enum class Verdict { Fine, Refused };

/// Compiles, runs and compares.
Verdict check(const ModProgram &mod, const Shape &shape,
              const TargetSpec &target, uint64_t seed,
              Entry entry = Entry::Prefill, int64_t splitKeys = 0) {
  const std::string note = fmt::format("{}\n{} for {}, {} keys a split",
                                       describeCase(mod, shape, seed),
                                       nameOf(entry), target.name(), splitKeys);
  Problem problem(mod, shape, seed);
  Expected<GpuKernel> kernel =
      GpuKernel::compile(mod, problem.spec(), target, entry);
  if (!kernel) {
    ADD_FAILURE() << kernel.error().message() << "\n" << note;
    return Verdict::Fine;
  }
  kernel->splitKeys = splitKeys;
  if (kernel->refuses(problem.args))
    return Verdict::Refused;
  EXPECT_EQ(runAndJudge(mod, *kernel, problem, seed), "") << note;
  return Verdict::Fine;
}

class GpuPairwise : public testing::TestWithParam<uint64_t> {};

TEST_P(GpuPairwise, AgreesWithTheReference) {
  const GpuCase &one = coveringGpuCases()[GetParam()];
  EXPECT_EQ(check(parsed(one.mod), one.shape, one.target, GetParam()),
            Verdict::Fine);
}

INSTANTIATE_TEST_SUITE_P(Cover, GpuPairwise,
                         testing::Range<uint64_t>(0,
                                                  coveringGpuCases().size()));

class GpuDecode : public testing::TestWithParam<uint64_t> {};

// The same mods and head sizes with few queries of a group of heads, the keys
// split among blocks of threads.
TEST_P(GpuDecode, AgreesWithTheReference) {
  GpuCase one = coveringGpuCases()[GetParam()];
  const ModProgram mod = parsed(one.mod);
  if (Engine::signature(mod, {one.shape.D, one.shape.Dv, one.shape.dtype},
                        TargetSpec::cpus().front())
          .prefillOnly)
    GTEST_SKIP() << "[SKIP] has no decode kernel";
  constexpr int64_t kQueries[] = {1, 1, 2, 5}, kGroups[] = {1, 4, 8, 12},
                    kSplits[] = {0, 64, 128};
  one.shape.Sq = kQueries[GetParam() % 4];
  one.shape.group = kGroups[GetParam() / 4 % 4];
  EXPECT_EQ(check(mod, one.shape, one.target, GetParam(), Entry::Decode,
                  kSplits[GetParam() % 3]),
            Verdict::Fine);
}

INSTANTIATE_TEST_SUITE_P(Cover, GpuDecode,
                         testing::Range<uint64_t>(0, coveringGpuCases().size(),
                                                  2));

} // namespace
