//===- GoldenKernelsTest.cpp - The cases that a GPU is asked --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What can be known of golden cases without a GPU: that none is missing, that
// each is of the instruction that it says, that what the manual leaves open
// passes, that a wrong result does not, and that they come to a device and
// back.
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"
#include "GoldenComparison.h"
#include "GoldenGenerator.h"
#include "GoldenRun.h"
#include "InstructionTables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

using namespace attnjit;
using namespace attnjit::golden;
using emulator::AsmForm;
using emulator::Instruction;
using testing::HasSubstr;

namespace {

constexpr uint64_t kSeed = 5;

const std::vector<GoldenKernel> &kernels() {
  static const std::vector<GoldenKernel> all = goldenKernels(kSeed);
  return all;
}

/// What each kernel gives, first as it is expected, then where the emulator
/// chooses otherwise by seed, and errs as much as the manual allows. (An
/// approximation of a special value would not be one.)
constexpr int kRuns = 4;
std::vector<Words> resultsOf(const GoldenKernel &kernel) {
  const bool mayErr = kernel.instruction.starts_with("mma") ||
                      kernel.rule.kind >= Rule::Kind::Units;
  std::vector<emulator::Options> runs(kRuns);
  for (int i = 1; i < kRuns; ++i) {
    runs[i].seed = i;
    runs[i].perturbApproximations = mayErr;
  }
  auto results = emulate(kernel, runs);
  EXPECT_TRUE(results) << nameOf(kernel) << ": " << results.error().message();
  return results ? *results : std::vector<Words>(kRuns);
}

GoldenCase caseOf(const GoldenKernel &kernel) {
  GoldenCase one = inputsOf(kernel);
  one.expected = resultsOf(kernel).front();
  return one;
}

//===--- coverage ---------------------------------------------------------===//

// A new handler needs a golden case, or a reason why it has none.
TEST(GoldenKernels, EveryInstructionHasACaseOrAReason) {
  std::set<std::string_view> intrinsics, inAsm, excluded;
  for (const GoldenKernel &kernel : kernels())
    (kernel.isAsm ? inAsm : intrinsics).insert(kernel.instruction);
  for (const Exclusion &one : exclusions()) {
    EXPECT_TRUE(emulator::findInstruction(one.instruction)) << one.instruction;
    EXPECT_NE(one.reason, "");
    excluded.insert(one.instruction);
  }
  // What llvm.tanh becomes, not an intrinsic of NVPTX.
  intrinsics.insert("tanh.approx.f32");
  for (const Instruction *one : emulator::allInstructions()) {
    EXPECT_NE(intrinsics.count(one->name), excluded.count(one->name))
        << "`" << one->name
        << "`: add a kernel in test/emulator/golden, or a line to exclusions()";
    // These are matched without a form.
    if (one->name.starts_with("cp.async.c") &&
        !one->name.starts_with("cp.async.commit"))
      EXPECT_TRUE(inAsm.count(one->name)) << one->name;
  }
}

TEST(GoldenKernels, EveryFormOfInlinePtxHasACase) {
  std::set<const AsmForm *> covered;
  for (const GoldenKernel &kernel : kernels())
    covered.insert(kernel.form);
  for (const AsmForm &form : emulator::asmForms())
    EXPECT_TRUE(covered.count(&form))
        << "`" << form.opcode << "` of " << form.operands << " operands";
}

// LLVM replaces some intrinsics by others when it reads them.
TEST(GoldenKernels, EachCallsItsInstruction) {
  for (const GoldenKernel &kernel : kernels()) {
    auto met = instructionsIn(textOf(kernel));
    ASSERT_TRUE(met) << nameOf(kernel) << ": " << met.error().message();
    EXPECT_TRUE(std::ranges::any_of(*met, [&](const Met &one) {
      return one.instruction->name == kernel.instruction &&
             one.form == kernel.form && one.isAsm == kernel.isAsm;
    })) << nameOf(kernel);
  }
}

TEST(GoldenKernels, NamesAreOfOneCase) {
  std::set<std::string> names;
  for (const GoldenKernel &kernel : kernels())
    EXPECT_TRUE(names.insert(nameOf(kernel)).second) << nameOf(kernel);
}

//===--- what passes and what does not ------------------------------------===//

/// Where bits count, one of them; else further off than any rule allows.
uint32_t spoiled(const Rule &rule, uint32_t word) {
  if (rule.kind == Rule::Kind::Bits)
    return word ^ 1;
  const auto x = std::bit_cast<float>(word);
  if (!std::isfinite(x))
    return std::bit_cast<uint32_t>(1.0f);
  return std::bit_cast<uint32_t>(std::fabs(x) < 1 ? x + 2 : -x);
}

TEST(GoldenKernels, WhatTheManualAllowsIsRightAndNoMore) {
  for (const GoldenKernel &kernel : kernels()) {
    GoldenCase one = inputsOf(kernel);
    const std::vector<Words> results = resultsOf(kernel);
    one.expected = results.front();
    ASSERT_FALSE(one.expected.empty());
    for (const Words &allowed : results)
      EXPECT_EQ(whatIsWrong(one, allowed), "") << one.name;
    for (size_t i = 0; i < one.expected.size(); ++i) {
      const uint32_t wrong = spoiled(one.rule, one.expected[i]);
      EXPECT_FALSE(isRight(one, i, wrong)) << one.name << ", word " << i;
      EXPECT_FALSE(isRight(one, i, kUnwritten)) << one.name << ", word " << i;
    }
  }
}

//===--- to a device and back ---------------------------------------------===//

class GoldenRun : public testing::Test {
protected:
  GoldenRun() { fake.reset(); }
  ~GoldenRun() override {
    EXPECT_THAT(fake.violations, testing::IsEmpty());
    fake.reset();
  }

  /// Launches of the fake device write the expected words, one of them with
  /// `flip` bits changed.
  void execute(const GoldenCase &one, uint32_t flip) {
    fake.execute = [this, &one, flip](const test::FakeLaunch &launch) {
      void *addresses[2];
      EXPECT_EQ(launch.symbol, kGoldenSymbol);
      EXPECT_EQ(launch.parameter.size(), sizeof(addresses));
      std::memcpy(static_cast<void *>(addresses), launch.parameter.data(),
                  sizeof(addresses));
      EXPECT_EQ(launch.sharedBytes, one.sharedBytes);
      EXPECT_TRUE(std::ranges::equal(launch.grid, one.grid));
      EXPECT_TRUE(std::ranges::equal(launch.block, one.block));
      const size_t inBytes = one.in.size() * sizeof(uint32_t);
      const size_t outBytes = one.expected.size() * sizeof(uint32_t);
      EXPECT_TRUE(
          fake.find(reinterpret_cast<uintptr_t>(addresses[0]), inBytes));
      EXPECT_TRUE(
          fake.find(reinterpret_cast<uintptr_t>(addresses[1]), outBytes));
      EXPECT_EQ(std::memcmp(addresses[0], one.in.data(), inBytes), 0);
      Words results = one.expected;
      results[results.size() / 2] ^= flip;
      std::memcpy(addresses[1], results.data(), outBytes);
      return cuda::kSuccess;
    };
  }

  cuda::Context::Ptr open() {
    auto driver = cuda::Driver::create(test::fakeTable());
    EXPECT_TRUE(driver);
    auto context = cuda::Context::open(*driver, 0);
    EXPECT_TRUE(context);
    return *context;
  }

  test::FakeDriver &fake = test::FakeDriver::get();
};

TEST_F(GoldenRun, WrongResultsOfADeviceAreNamed) {
  const cuda::Context::Ptr device = open();
  for (const char *name :
       {"read_ptx_sreg_tid_y", "cp_async_cg_shared_global_16_s",
        "ex2_approx_ftz_f32__values", "mma_m16n8k8_row_col_tf32__exact"}) {
    auto found = std::ranges::find(kernels(), name, nameOf);
    ASSERT_NE(found, kernels().end()) << name;
    GoldenCase one = caseOf(*found);
    auto ptx = ptxOf(textOf(*found), found->sm);
    ASSERT_TRUE(ptx) << ptx.error().message();
    one.ptx = *ptx;
    execute(one, 0);
    auto results = runOnDevice(device, one);
    ASSERT_TRUE(results) << results.error().message();
    EXPECT_EQ(whatIsWrong(one, *results), "");
    execute(one, 0x80000000);
    results = runOnDevice(device, one);
    ASSERT_TRUE(results) << results.error().message();
    EXPECT_THAT(whatIsWrong(one, *results),
                HasSubstr("1 of " + std::to_string(one.expected.size())));
    // Nothing done at all.
    fake.execute = nullptr;
    results = runOnDevice(device, one);
    ASSERT_TRUE(results) << results.error().message();
    EXPECT_THAT(whatIsWrong(one, *results), HasSubstr("0xdeadbeef"));
  }
}

TEST_F(GoldenRun, FaultsAreErrors) {
  const cuda::Context::Ptr device = open();
  GoldenCase one = caseOf(kernels().front());
  one.ptx = "no PTX";
  EXPECT_FALSE(runOnDevice(device, one));
  one.ptx = *ptxOf(textOf(kernels().front()), 80);
  fake.execute = [](const test::FakeLaunch &) { return cuda::kIllegalAddress; };
  auto results = runOnDevice(device, one);
  ASSERT_FALSE(results);
  EXPECT_THAT(results.error().message(), HasSubstr("is lost"));
}

} // namespace
