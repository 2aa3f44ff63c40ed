//===- DecodeFaultTest.cpp - Faults of merging split keys -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As FaultTest.cpp, for the end of a decode kernel: the sums of the warps are
// merged, then those of the splits, by the block of threads that arrives last.
//
//===----------------------------------------------------------------------===//

#include "FaultSubject.h"

#include <gmock/gmock.h>

#include <regex>

using namespace attnjit;
using namespace attnjit::test;

namespace {

class GpuDecodeFault : public GpuFault {
protected:
  void SetUp() override {
    GpuFault::SetUp();
    if (HasFatalFailure())
      return;
    Places counts = subject->places("atomicrmw add");
    ASSERT_EQ(counts.size(), 1u);
    arrival = counts[0];
    products = subject->places("@llvm.nvvm.mma.").back();
  }

  /// Where the parts' l, and vectors of their acc, are added up.
  Places sumsOfL(size_t first, size_t end) const {
    return subject->places("@llvm.fma.f32(float %", first, end);
  }
  Places sumsOfAcc(size_t first, size_t end) const {
    Places found = subject->places("@llvm.fma.v4f32(", first, end);
    // Of parts that there are not.
    std::erase_if(found, [&](size_t line) {
      return subject->lines[line].find(", <4 x float> zeroinitializer, ") !=
             std::string::npos;
    });
    return found;
  }

  /// Where a part's factor is chosen: 0 for one without keys, else a power.
  Places factors(size_t first, size_t end) const {
    const std::regex factor(R"(select i1 %\S+, float 0\.0\S+, float %\w+$)");
    Places found;
    for (size_t line : subject->places("@llvm.nvvm.ex2.approx", first, end))
      if (std::regex_search(subject->lines[line + 1], factor))
        found.push_back(line + 1);
    return found;
  }

  size_t arrival = 0;  ///< between the merges of warps and of splits
  size_t products = 0; ///< the last one
};

/// The part counts nothing in a sum.
void dropPart(std::string &line) {
  line = std::regex_replace(line, std::regex(R"(\((float|<4 x float>) %\w+,)"),
                            "($1 zeroinitializer,");
}

void dropFactor(std::string &line) {
  line = std::regex_replace(line, std::regex(R"(float %\w+$)"), "float 1.0");
}

TEST_P(GpuDecodeFault, DroppedWarp) {
  Places l = sumsOfL(products, arrival), acc = sumsOfAcc(products, arrival);
  EXPECT_EQ(l.size(), 4u);
  EXPECT_EQ(acc.size(), static_cast<size_t>(4 * GetParam().Dv / 32));
  subject->expectEachFound(l, dropPart, "a warp that l is without");
  subject->expectEachFound({acc.front(), acc.back()}, dropPart,
                           "a warp that acc is without");
}

TEST_P(GpuDecodeFault, DroppedSplit) {
  Places l = sumsOfL(arrival, SIZE_MAX), acc = sumsOfAcc(arrival, SIZE_MAX);
  EXPECT_EQ(l.size(), 8u);
  EXPECT_EQ(acc.size(), static_cast<size_t>(8 * GetParam().Dv / 32));
  subject->expectEachFound({l.front(), l[3], l.back()}, dropPart,
                           "a split that l is without");
  subject->expectEachFound({acc.front(), acc.back()}, dropPart,
                           "a split that acc is without");
}

// Eight splits are read together; the loops over them end after the first turn.
TEST_P(GpuDecodeFault, DroppedSplitsBehindTheEighth) {
  const std::regex step(R"((%\w+) = add i32 %\w+, 8$)");
  Places ends;
  for (size_t line : subject->places("add i32", arrival)) {
    std::smatch match;
    if (std::regex_search(subject->lines[line], match, step))
      for (size_t end :
           subject->places("icmp slt i32 " + match.str(1) + ",", line))
        ends.push_back(end);
  }
  // Of m, l and acc. m may be that of some splits only.
  ASSERT_EQ(ends.size(), 3u);
  subject->expectEachFound(
      {ends[1], ends[2]},
      [](std::string &line) {
        line = std::regex_replace(line, std::regex(R"(icmp slt i32 .*)"),
                                  "icmp slt i32 1, 0");
      },
      "no second turn over the splits");
}

TEST_P(GpuDecodeFault, MergeWithoutRescale) {
  Places ofWarps = factors(products, arrival);
  EXPECT_EQ(ofWarps.size(), 4u);
  subject->expectAllFound(ofWarps, dropFactor, "warps of one reference");
  Places l = factors(arrival, sumsOfAcc(arrival, SIZE_MAX).front());
  Places acc = factors(l.back() + 2, SIZE_MAX);
  subject->expectAllFound(l, dropFactor, "l of splits of one reference");
  subject->expectAllFound(acc, dropFactor, "acc of splits of one reference");
}

TEST_P(GpuDecodeFault, MissingFence) {
  Places fences = subject->places("fence syncscope(\"device\")");
  ASSERT_FALSE(fences.empty());
  // Of those who store; one that a reader lacks is beyond the emulator.
  subject->expectEachFound({fences.front()}, removeLine,
                           "partial results without a fence");
}

TEST_P(GpuDecodeFault, MergedBeforeTheLastArrival) {
  subject->expectEachFound(
      {arrival + 1}, [](std::string &line) { replaceIn(line, ", -1", ", -2"); },
      "a merge by the last block but one");
}

// The next run would never see a last block.
TEST_P(GpuDecodeFault, ArrivalsNotReset) {
  Places resets = subject->places("store i32 0, ptr addrspace(1)", arrival);
  ASSERT_EQ(resets.size(), 1u);
  EXPECT_THAT(subject->expectAllFound(resets, removeLine,
                                      "a counter that is not reset"),
              testing::HasSubstr("arrivals are not 0"));
}

INSTANTIATE_TEST_SUITE_P(
    Kernels, GpuDecodeFault,
    testing::Values(KernelKind{"Decode64", Entry::Decode, 64, 64},
                    KernelKind{"Decode256", Entry::Decode, 256, 256}),
    [](const auto &info) { return info.param.name; });

} // namespace
