//===- GoldenInstructionTest.cpp - Instructions of a GPU ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The emulator's instructions are written from the manual; here a GPU is asked
// whether it does the same. Each test is a kernel of one instruction from the
// file that GoldenGenerator has written. Skips where there is no GPU.
//
//===----------------------------------------------------------------------===//

#include "GoldenComparison.h"
#include "GoldenFile.h"
#include "GoldenRun.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

using namespace attnjit;
using namespace attnjit::golden;

namespace {

/// Of the folder of programs, be it a build or a bundle.
const Expected<GoldenFile> &goldenFile() {
  static const Expected<GoldenFile> file = [] {
    std::error_code ignored;
    const auto program =
        std::filesystem::read_symlink("/proc/self/exe", ignored);
    return readGoldenFile(program.parent_path().parent_path() / "share" /
                          "golden-instructions.json");
  }();
  return file;
}

/// The first device, opened once.
const Expected<cuda::Context::Ptr> &device() {
  static const Expected<cuda::Context::Ptr> context =
      []() -> Expected<cuda::Context::Ptr> {
    const auto &driver = cuda::Driver::system();
    if (!driver)
      return fail(driver.error());
    return cuda::Context::open(*driver, 0);
  }();
  return context;
}

const std::vector<GoldenCase> &cases() {
  static const std::vector<GoldenCase> none;
  return goldenFile() ? goldenFile()->cases : none;
}

class GoldenInstruction : public testing::TestWithParam<size_t> {};

} // namespace

TEST(GoldenFile, IsThere) {
  ASSERT_TRUE(goldenFile()) << goldenFile().error().message();
  EXPECT_FALSE(cases().empty());
  std::printf("%zu cases, random inputs of seed %llu\n", cases().size(),
              static_cast<unsigned long long>(goldenFile()->seed));
}

TEST_P(GoldenInstruction, IsWhatTheEmulatorDoes) {
  const GoldenCase &one = cases()[GetParam()];
  if (!device())
    GTEST_SKIP() << "[SKIP] " << device().error().message();
  const cuda::DeviceInfo &info = (*device())->device();
  if (info.major * 10 + info.minor < one.sm)
    GTEST_SKIP() << "[SKIP] `" << one.instruction << "` needs sm_" << one.sm
                 << ", this is " << info.sm();
  Expected<Words> results = runOnDevice(*device(), one);
  ASSERT_TRUE(results) << "`" << one.instruction
                       << "`: " << results.error().message();
  const std::string wrong = whatIsWrong(one, *results);
  EXPECT_TRUE(wrong.empty())
      << wrong << "\n(seed " << goldenFile()->seed << ")";
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GoldenInstruction);
INSTANTIATE_TEST_SUITE_P(Gpu, GoldenInstruction,
                         testing::Range<size_t>(0, cases().size()),
                         [](const auto &info) {
                           return cases()[info.param].name;
                         });
