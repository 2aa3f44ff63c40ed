//===- WarpInstructionsTest.cpp - Shuffles, votes, reductions -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"

#include <fmt/format.h>

#include <functional>

using namespace attnjit::emulator::test;
using testing::ElementsAreArray;
using testing::HasSubstr;

namespace {

/// One word for each lane.
Words perLane(const std::function<uint32_t(uint32_t)> &value) {
  Words words;
  for (uint32_t lane = 0; lane < 32; ++lane)
    words.push_back(value(lane));
  return words;
}

/// The body of a kernel that calls an intrinsic on %i0.
Case shuffleCase(std::string_view mode, int operand, int control) {
  return {.body = fmt::format("  %o0 = call i32 @llvm.nvvm.shfl.sync.{}.i32("
                              "i32 -1, i32 %i0, i32 {}, i32 {})",
                              mode, operand, control),
          .inputs = 1,
          .outputs = 1,
          .in = perLane([](uint32_t lane) { return 100 + lane; })};
}

TEST(Shuffle, ButterflySwapsPairs) {
  EXPECT_THAT(
      outputsOf(shuffleCase("bfly", 1, 31)),
      ElementsAreArray(perLane([](uint32_t l) { return 100 + (l ^ 1); })));
}

// Segments of 8 lanes: segment mask 24, clamp 31.
TEST(Shuffle, ButterflyStaysBelowTheClamp) {
  EXPECT_THAT(
      outputsOf(shuffleCase("bfly", 4, 24 << 8 | 31)),
      ElementsAreArray(perLane([](uint32_t l) { return 100 + (l ^ 4); })));
  // Lane 0 would read lane 8, past its segment's last, 7: keeps its own. Lane 8
  // reads lane 0: not past 15, and the manual asks for no more.
  Words out = outputsOf(shuffleCase("bfly", 8, 24 << 8 | 31));
  EXPECT_EQ(out[0], 100u);
  EXPECT_EQ(out[8], 100u);
}

TEST(Shuffle, UpKeepsTheFirst) {
  EXPECT_THAT(outputsOf(shuffleCase("up", 3, 0)),
              ElementsAreArray(perLane(
                  [](uint32_t l) { return 100 + (l >= 3 ? l - 3 : l); })));
}

// Segments of 16 lanes: the first two of the second keep their own.
TEST(Shuffle, UpInSegments) {
  EXPECT_THAT(outputsOf(shuffleCase("up", 2, 16 << 8)),
              ElementsAreArray(perLane(
                  [](uint32_t l) { return 100 + (l % 16 >= 2 ? l - 2 : l); })));
}

TEST(Shuffle, DownKeepsTheLast) {
  EXPECT_THAT(outputsOf(shuffleCase("down", 5, 31)),
              ElementsAreArray(perLane(
                  [](uint32_t l) { return 100 + (l + 5 <= 31 ? l + 5 : l); })));
}

TEST(Shuffle, IndexBroadcastsInSegments) {
  EXPECT_THAT(
      outputsOf(shuffleCase("idx", 3, 28 << 8 | 31)),
      ElementsAreArray(perLane([](uint32_t l) { return 100 + (l & 28) + 3; })));
}

TEST(Shuffle, PredicateSaysWhetherTheSourceIsInRange) {
  Case one{.body = R"(
  %f = bitcast i32 %i0 to float
  %r = call {float, i1} @llvm.nvvm.shfl.sync.down.f32p(i32 -1, float %f, i32 1, i32 31)
  %v = extractvalue {float, i1} %r, 0
  %p = extractvalue {float, i1} %r, 1
  %o0 = bitcast float %v to i32
  %o1 = zext i1 %p to i32)",
           .inputs = 1,
           .outputs = 2,
           .in = perLane([](uint32_t l) { return bits(float(l)); })};
  Words out = outputsOf(one);
  for (uint32_t l = 0; l < 31; ++l) {
    EXPECT_EQ(number(out[2 * l]), float(l + 1));
    EXPECT_EQ(out[2 * l + 1], 1u);
  }
  EXPECT_EQ(number(out[62]), 31.0f);
  EXPECT_EQ(out[63], 0u);
}

// Lanes 0 to 15 alone take part; lane 0 asks for lane 16.
TEST(Shuffle, FromALaneOutsideTheMaskIsAnError) {
  Case one{.body = R"(
  %low = icmp ult i32 %tid, 16
  br i1 %low, label %yes, label %end
yes:
  %r = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 65535, i32 %tid, i32 16, i32 31)
  br label %end
end:)"};
  EXPECT_THAT(errorOf(one), HasSubstr("takes no part in it"));
}

TEST(Shuffle, OwnLaneMustBeInTheMask) {
  Case one{.body = "  %r = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 "
                   "2147483647, i32 %tid, i32 1, i32 31)"};
  EXPECT_THAT(errorOf(one), HasSubstr("does not name the lane itself, 31"));
}

// Lanes that have exited are not waited for.
TEST(Shuffle, GoesOnWithoutExitedLanes) {
  Case one{.body = R"(
  %done = icmp uge i32 %tid, 16
  br i1 %done, label %exit, label %go
exit:
  ret void
go:
  %o0 = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -1, i32 %tid, i32 1, i32 31))",
           .outputs = 1};
  for (uint64_t seed = 0; seed < 8; ++seed) {
    one.options.seed = seed;
    Words out = outputsOf(one);
    for (uint32_t l = 0; l < 16; ++l)
      EXPECT_EQ(out[l], l ^ 1) << "seed " << seed;
  }
}

// Two halves of the warp in different shuffles, each with its own mask.
TEST(Shuffle, HalvesOfAWarpMayDiverge) {
  Case one{.body = R"(
  %low = icmp ult i32 %tid, 16
  br i1 %low, label %a, label %b
a:
  %x = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 65535, i32 %tid, i32 1, i32 31)
  br label %end
b:
  %y = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -65536, i32 %tid, i32 20, i32 31)
  br label %end
end:
  %o0 = phi i32 [ %x, %a ], [ %y, %b ])",
           .outputs = 1};
  EXPECT_THAT(outputsOf(one), ElementsAreArray(perLane([](uint32_t l) {
                return l < 16 ? l ^ 1 : 20;
              })));
}

//===--- votes ------------------------------------------------------------===//

Case voteCase(std::string_view kind, std::string_view condition) {
  const bool isBallot = kind == "ballot";
  return {.body = fmt::format("  %c = {}\n  %r = call {} "
                              "@llvm.nvvm.vote.{}.sync(i32 -1, i1 %c)\n"
                              "  %o0 = {}",
                              condition, isBallot ? "i32" : "i1", kind,
                              isBallot ? "add i32 %r, 0" : "zext i1 %r to i32"),
          .outputs = 1};
}

TEST(Vote, Ballot) {
  EXPECT_THAT(outputsOf(voteCase("ballot", "icmp ult i32 %tid, 5")),
              testing::Each(0x1fu));
}

TEST(Vote, AllAnyUniform) {
  const std::string none = "icmp ugt i32 %tid, 31",
                    some = "icmp eq i32 %tid, 7",
                    every = "icmp ult i32 %tid, 32";
  auto first = [](std::string_view kind, const std::string &condition) {
    return outputsOf(voteCase(kind, condition))[13];
  };
  EXPECT_EQ(first("all", none), 0u);
  EXPECT_EQ(first("all", some), 0u);
  EXPECT_EQ(first("all", every), 1u);
  EXPECT_EQ(first("any", none), 0u);
  EXPECT_EQ(first("any", some), 1u);
  EXPECT_EQ(first("any", every), 1u);
  EXPECT_EQ(first("uni", none), 1u);
  EXPECT_EQ(first("uni", some), 0u);
  EXPECT_EQ(first("uni", every), 1u);
}

TEST(Match, AnyGivesTheLanesOfEqualValue) {
  Case one{.body = R"(
  %v = and i32 %tid, 3
  %o0 = call i32 @llvm.nvvm.match.any.sync.i32(i32 -1, i32 %v)
  %w = zext i32 %v to i64
  %o1 = call i32 @llvm.nvvm.match.any.sync.i64(i32 -1, i64 %w))",
           .outputs = 2};
  Words out = outputsOf(one);
  for (uint32_t l = 0; l < 32; ++l) {
    EXPECT_EQ(out[2 * l], 0x11111111u << l % 4);
    EXPECT_EQ(out[2 * l + 1], 0x11111111u << l % 4);
  }
}

TEST(Match, AllIsTheMaskOrNothing) {
  Case one{.body = R"(
  %same = call {i32, i1} @llvm.nvvm.match.all.sync.i32p(i32 -1, i32 7)
  %o0 = extractvalue {i32, i1} %same, 0
  %p = extractvalue {i32, i1} %same, 1
  %o1 = zext i1 %p to i32
  %w = zext i32 %tid to i64
  %not = call {i32, i1} @llvm.nvvm.match.all.sync.i64p(i32 -1, i64 %w)
  %o2 = extractvalue {i32, i1} %not, 0
  %q = extractvalue {i32, i1} %not, 1
  %o3 = zext i1 %q to i32)",
           .outputs = 4};
  Words out = outputsOf(one);
  EXPECT_THAT(Words(out.begin(), out.begin() + 4),
              testing::ElementsAre(0xffffffffu, 1u, 0u, 0u));
}

TEST(Elect, OneLeaderThatAllAgreeOn) {
  Case one{.body = R"(
  %r = call {i32, i1} @llvm.nvvm.elect.sync(i32 -1)
  %o0 = extractvalue {i32, i1} %r, 0
  %p = extractvalue {i32, i1} %r, 1
  %o1 = zext i1 %p to i32)",
           .outputs = 2};
  Words out = outputsOf(one);
  uint32_t leaders = 0;
  for (uint32_t l = 0; l < 32; ++l) {
    EXPECT_EQ(out[2 * l], out[0]);
    EXPECT_EQ(out[2 * l + 1], l == out[0] ? 1u : 0u);
    leaders += out[2 * l + 1];
  }
  EXPECT_EQ(leaders, 1u);
}

TEST(ActiveMask, HoldsTheLane) {
  Case one{.body = "  %o0 = call i32 @llvm.nvvm.activemask()", .outputs = 1};
  Words out = outputsOf(one);
  for (uint32_t l = 0; l < 32; ++l)
    EXPECT_TRUE(out[l] >> l & 1);
}

//===--- reductions -------------------------------------------------------===//

uint32_t reduced(std::string_view operation, const Words &in) {
  Case one{.body = fmt::format("  %o0 = call i32 @llvm.nvvm.redux.sync.{}(i32 "
                               "%i0, i32 -1)",
                               operation),
           .inputs = 1,
           .outputs = 1,
           .in = in};
  Words out = outputsOf(one);
  EXPECT_THAT(out, testing::Each(out[0]));
  return out[0];
}

TEST(Redux, Operations) {
  const Words in = perLane([](uint32_t l) { return l == 9 ? -5 : l * 3 + 1; });
  // 1 + 4 + ... + 94 is 32 * 95 / 2 = 1520; lane 9's 28 is replaced by -5.
  EXPECT_EQ(reduced("add", in), 1520u - 28 - 5);
  EXPECT_EQ(reduced("min", in), uint32_t(-5));
  EXPECT_EQ(reduced("max", in), 94u);
  EXPECT_EQ(reduced("umin", in), 1u);
  EXPECT_EQ(reduced("umax", in), uint32_t(-5));
  EXPECT_EQ(reduced("and", perLane([](uint32_t l) { return 0xf0 | l; })),
            0xf0u);
  EXPECT_EQ(reduced("or", perLane([](uint32_t l) { return l << 8; })), 0x1f00u);
  // Bits 0 to 4 are set in 16 lanes each; bit 8 in lane 3 alone.
  EXPECT_EQ(reduced("xor", perLane([](uint32_t l) {
                      return l | (l == 3 ? 0x100 : 0);
                    })),
            0x100u);
}

} // namespace
