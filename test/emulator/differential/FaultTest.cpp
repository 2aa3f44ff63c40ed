//===- FaultTest.cpp - Faults put into generated GPU kernels --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the IR of a causal kernel, makes one mistake in it that a generator
// could make, and expects the emulator or the comparison with the Reference to
// say so. Each place of a mistake is one kernel; the kernel as it was must
// pass. What decode alone can do wrong is in DecodeFaultTest.cpp.
//
//===----------------------------------------------------------------------===//

#include "FaultSubject.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <regex>

using namespace attnjit;
using namespace attnjit::test;

namespace {

void waitLess(std::string &line) { replaceIn(line, "(i32 0)", "(i32 1)"); }

TEST_P(GpuFault, DroppedBarrier) {
  subject->expectEachFound(subject->barriers(), removeLine,
                           "a dropped barrier");
}

// Around the words that say which keys are left: those next to a barrier of the
// block are not needed one by one. And before the rows of out leave shared
// memory.
TEST_P(GpuFault, DroppedWarpBarrier) {
  Places found = subject->places("@llvm.nvvm.bar.warp.sync");
  ASSERT_GE(found.size(), 2u);
  if (GetParam().entry == Entry::Prefill) {
    subject->expectEachFound({found.back()}, removeLine,
                             "a dropped barrier of a warp");
    found.pop_back();
  }
  subject->expectAllFound(found, removeLine,
                          "no barrier of a warp before the end");
}

TEST_P(GpuFault, WrongWaitCount) {
  subject->expectEachFound(subject->waits(), waitLess,
                           "a wait that is satisfied too early");
}

// The copies then belong to no group that a wait completes.
TEST_P(GpuFault, DroppedCommit) {
  subject->expectEachFound(subject->commits(), removeLine, "a dropped commit");
}

// What a wrong swizzle or pitch does: a row of a matrix from another place.
TEST_P(GpuFault, WrongUnitOfSharedMemory) {
  Places loads = subject->places("@llvm.nvvm.ldmatrix");
  ASSERT_GE(loads.size(), 8u);
  // The first of the queries, some in the middle, the last of the values.
  for (size_t line : {loads.front(), loads[loads.size() / 3],
                      loads[2 * loads.size() / 3], loads.back()}) {
    Lines changed = subject->lines;
    std::smatch match;
    ASSERT_TRUE(
        std::regex_search(changed[line], match, std::regex(R"((%[\w.]+)\))")));
    const std::string address = match.str(1);
    changed[line].replace(match.position(1), match.length(1), "%wrong.unit");
    changed.insert(changed.begin() + line,
                   fmt::format("  %wrong.unit = getelementptr i8, ptr "
                               "addrspace(3) {}, i64 16",
                               address));
    subject->expectFound(changed, "a wrong unit in " + subject->lines[line]);
  }
}

TEST_P(GpuFault, MissingTranspose) {
  Places loads = subject->places(".trans.b16");
  ASSERT_FALSE(loads.empty());
  subject->expectEachFound(
      {loads.front(), loads.back()},
      [](std::string &line) { replaceIn(line, ".trans.b16", ".b16"); },
      "values that are not transposed");
}

TEST_P(GpuFault, MaskOffByOne) {
  Places compared = subject->inProducts("icmp sle i32");
  ASSERT_FALSE(compared.empty());
  auto narrow = [](std::string &line) {
    replaceIn(line, "icmp sle", "icmp slt");
  };
  subject->expectAllFound(compared, narrow, "a mask that is off by one");
  // One pair of positions alone.
  subject->expectEachFound(
      {compared.front(), compared[compared.size() / 2], compared.back()},
      narrow, "a mask that is off by one for one fragment element");
}

TEST_P(GpuFault, KeysBehindTheEnd) {
  subject->expectAllFound(
      subject->inProducts("icmp slt i32"),
      [](std::string &line) { replaceIn(line, "icmp slt", "icmp sle"); },
      "one key behind the end");
}

// acc keeps its old reference when the maximum moves.
TEST_P(GpuFault, MissedRescale) {
  // A factor is what many accumulators are multiplied by.
  std::map<std::string, Places> products;
  const std::regex product(R"(fmul float %\S+, (%\S+)$)");
  for (size_t line : subject->inProducts("fmul float")) {
    std::smatch match;
    if (std::regex_search(subject->lines[line], match, product))
      products[match.str(1)].push_back(line);
  }
  int factors = 0;
  for (const auto &[factor, where] : products) {
    if (where.size() < static_cast<size_t>(GetParam().Dv / 4))
      continue;
    ++factors;
    auto keep = [&](std::string &line) {
      replaceIn(line, ", " + factor, ", 1.0");
    };
    subject->expectAllFound(where, keep, "no rescaling by " + factor);
    subject->expectEachFound({where.back()}, keep,
                             "one accumulator not rescaled by " + factor);
  }
  EXPECT_GE(factors, 2);
}

// A warp takes blocks of which it keeps some pairs for those of which it keeps
// none.
TEST_P(GpuFault, BlocksPassedOver) {
  if (GetParam().entry != Entry::Prefill)
    return;
  Places asked;
  for (size_t line : subject->places("and i32"))
    if (subject->lines[line].ends_with(", 2"))
      asked.push_back(line);
  ASSERT_FALSE(asked.empty());
  subject->expectEachFound(
      {asked.back()}, [](std::string &line) { line.back() = '1'; },
      "a block that is passed over");
}

// A row's maximum of two lanes instead of four.
TEST_P(GpuFault, WrongShuffle) {
  subject->expectEachFound(
      subject->places(", i32 2, i32 31)"),
      [](std::string &line) {
        replaceIn(line, ", i32 2, i32 31)", ", i32 1, i32 31)");
      },
      "a shuffle over the wrong lanes");
}

// Rows behind the tensor's end are read.
TEST_P(GpuFault, MissingTailGuard) {
  EXPECT_THAT(subject->expectAllFound(
                  subject->places(", i32 16, i32 0"),
                  [](std::string &line) {
                    replaceIn(line, ", i32 16, i32 0", ", i32 16, i32 16");
                  },
                  "copies of rows behind the end"),
              testing::HasSubstr("are in no range of global memory"));
}

// Queries in registers or not; rows of out as long as those of q or shorter,
// lying across them; two stages of keys or one; blocks of 64 keys or fewer.
INSTANTIATE_TEST_SUITE_P(
    Kernels, GpuFault,
    testing::Values(KernelKind{"Prefill64", Entry::Prefill, 64, 64},
                    KernelKind{"Prefill128", Entry::Prefill, 128, 64},
                    KernelKind{"Prefill256", Entry::Prefill, 256, 256},
                    KernelKind{"Decode64", Entry::Decode, 64, 64},
                    KernelKind{"Decode256", Entry::Decode, 256, 256}),
    [](const auto &info) { return info.param.name; });

class GpuHalfFault : public GpuFault {};

// Weights of f16 are shifted up by 2^14, and have a factor of 4 left.
TEST_P(GpuHalfFault, ScoresFarAboveTheMaximum) {
  Places compared;
  for (size_t line : subject->inProducts("fcmp ogt float"))
    if (subject->lines[line].ends_with(", 1.000000e+00"))
      compared.push_back(line);
  subject->expectAllFound(
      compared, [](std::string &line) { replaceIn(line, "1.0000", "8.0000"); },
      "weights beyond f16");
}

INSTANTIATE_TEST_SUITE_P(
    Kernels, GpuHalfFault,
    testing::Values(
        KernelKind{"HalfPrefill64", Entry::Prefill, 64, 64, false, DType::F16},
        KernelKind{"HalfDecode64", Entry::Decode, 64, 64, false, DType::F16}),
    [](const auto &info) { return info.param.name; });

// The second pass over the keys has barriers, waits and commits of its own, and
// one barrier between it and the first.
class GpuTwoPassFault : public GpuFault {};

TEST_P(GpuTwoPassFault, DroppedBarrier) {
  subject->expectEachFound(subject->barriers(), removeLine,
                           "a dropped barrier");
}

TEST_P(GpuTwoPassFault, WrongWaitCount) {
  subject->expectEachFound(subject->waits(), waitLess,
                           "a wait that is satisfied too early");
}

TEST_P(GpuTwoPassFault, DroppedCommit) {
  subject->expectEachFound(subject->commits(), removeLine, "a dropped commit");
}

INSTANTIATE_TEST_SUITE_P(Kernels, GpuTwoPassFault,
                         testing::Values(KernelKind{"Prefill64", Entry::Prefill,
                                                    64, 64, true}),
                         [](const auto &info) { return info.param.name; });

} // namespace
