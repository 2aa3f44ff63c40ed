//===- SplitProductsTest.cpp - GPU kernels of f32 -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What only products of split numbers can do wrong: faults put into the IR as
// in FaultTest.cpp, and infinities, whose small part is NaN.
//
//===----------------------------------------------------------------------===//

#include "FaultSubject.h"
#include "Harness.h"

#include <cmath>
#include <regex>
#include <set>

using namespace attnjit;
using namespace attnjit::test;

namespace {

//===----------------------------------------------------------------------===//
// Faults
//===----------------------------------------------------------------------===//

/// An mma in the IR: four registers of a, two of b.
const std::regex kProduct(R"(\((i32 \S+), i32 \S+, i32 \S+, i32 \S+, )"
                          R"((i32 \S+), (i32 \S+), float)");

class GpuSplitFault : public GpuFault {
protected:
  /// The products of q and k, then those of P and v, which are as many.
  std::array<Places, 2> products() const {
    Places all = subject->places("@llvm.nvvm.mma.m16n8k8.row.col.tf32");
    const auto half = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    return {Places(all.begin(), half), Places(half, all.end())};
  }

  /// Those of big or small parts of a and b.
  Places productsOf(const Places &of, bool isBigA, bool isBigB) const {
    std::set<std::string> rounded;
    for (size_t line : subject->places("@llvm.nvvm.f2tf32.rna")) {
      const std::string &text = subject->lines[line];
      const size_t begin = text.find('%');
      rounded.insert("i32 " +
                     text.substr(begin, text.find(' ', begin) - begin));
    }
    Places found;
    for (size_t line : of) {
      std::smatch match;
      if (std::regex_search(subject->lines[line], match, kProduct) &&
          rounded.contains(match.str(1)) == isBigA &&
          rounded.contains(match.str(2)) == isBigB)
        found.push_back(line);
    }
    return found;
  }
};

TEST_P(GpuSplitFault, DroppedProducts) {
  for (const Places &of : products())
    for (bool isBigA : {false, true}) {
      Places some = productsOf(of, isBigA, !isBigA);
      EXPECT_EQ(some.size(), of.size() / 3);
      subject->expectAllFound(
          some,
          [](std::string &line) {
            line = std::regex_replace(line,
                                      std::regex("i32 %[^,]+, i32 %[^,]+, "
                                                 "float"),
                                      "i32 0, i32 0, float");
          },
          isBigA ? "no products big small" : "no products small big");
    }
}

// Those of v in another order than the weights.
TEST_P(GpuSplitFault, WrongOrderOfKeys) {
  subject->expectAllFound(
      products()[1],
      [](std::string &line) {
        line = std::regex_replace(
            line, std::regex("(i32 %[^,]+), (i32 %[^,]+), float"),
            "$2, $1, float");
      },
      "values of other keys");
}

// acc keeps its old reference when the maximum moves.
TEST_P(GpuSplitFault, MissedRescale) {
  std::map<std::string, Places> sums;
  const std::regex fma(R"(@llvm.fma.f32\(float \S+, float (%[^,]+), float %)");
  for (size_t line : subject->inProducts("@llvm.fma.f32")) {
    std::smatch match;
    if (std::regex_search(subject->lines[line], match, fma))
      sums[match.str(1)].push_back(line);
  }
  int factors = 0;
  for (const auto &[factor, where] : sums) {
    // Those of the last columns come after the last product.
    if (where.size() < static_cast<size_t>(GetParam().Dv / 8))
      continue;
    ++factors;
    auto keep = [&](std::string &line) {
      replaceIn(line, ", float " + factor + ",", ", float 1.0,");
    };
    subject->expectEachFound({where.back()}, keep,
                             "one accumulator not rescaled by " + factor);
  }
  EXPECT_GE(factors, 2);
}

TEST_P(GpuSplitFault, DroppedBarrier) {
  subject->expectEachFound(subject->barriers(), removeLine,
                           "a dropped barrier");
}

INSTANTIATE_TEST_SUITE_P(Kernels, GpuSplitFault,
                         testing::Values(KernelKind{.name = "PrefillF32",
                                                    .entry = Entry::Prefill,
                                                    .D = 64,
                                                    .Dv = 64,
                                                    .dtype = DType::F32},
                                         KernelKind{.name = "DecodeF32",
                                                    .entry = Entry::Decode,
                                                    .D = 64,
                                                    .Dv = 64,
                                                    .dtype = DType::F32}),
                         [](const auto &info) { return info.param.name; });

//===----------------------------------------------------------------------===//
// Infinities
//===----------------------------------------------------------------------===//

// A score of +inf makes its row NaN, one of -inf leaves a key out; a value of
// inf makes a column of all rows inf. The Reference says which are which.
TEST(GpuInfinity, StaysWhatItIs) {
  for (Entry entry : {Entry::Prefill, Entry::Decode}) {
    const ModProgram mod = parsed("mod plain\n");
    Problem problem(mod, {.Sq = 16, .Skv = 100, .D = 40, .Dv = 40}, 1);
    at<float>(problem.args.k, {0, 0, 3, 7}) = INFINITY;
    at<float>(problem.args.k, {0, 0, 70, 7}) = INFINITY;
    at<float>(problem.args.v, {0, 0, 50, 9}) = -INFINITY;
    for (int64_t i = 0; i < 16; ++i)
      at<float>(problem.args.q, {0, 0, i, 7}) = i % 2 == 0 ? -1.0f : 1.0f;
    // A number without a small part, which meets infinities.
    at<float>(problem.args.q, {0, 0, 2, 8}) = 0;
    Expected<GpuKernel> kernel = GpuKernel::compile(
        mod, problem.spec(), *TargetSpec::parse("sm_80"), entry);
    ASSERT_TRUE(kernel) << kernel.error().message();
    EXPECT_EQ(runAndJudge(mod, *kernel, problem, /*seed=*/0), "");
    auto out = [&](int64_t i, int64_t d) {
      return at<float>(problem.args.out, {0, 0, i, d});
    };
    EXPECT_TRUE(std::isfinite(out(2, 0)));
    EXPECT_EQ(out(2, 9), -INFINITY);
    EXPECT_TRUE(std::isnan(out(3, 0)));
  }
}

} // namespace
