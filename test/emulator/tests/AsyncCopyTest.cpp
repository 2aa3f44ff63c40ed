//===- AsyncCopyTest.cpp - cp.async ---------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"

#include <fmt/format.h>

using namespace attnjit::emulator;
using namespace attnjit::emulator::test;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

namespace {

/// Each thread copies its 16 bytes of input to shared memory and loads them
/// after `wait`. The first input word is at `%p.i0`.
Case copyCase(const std::string &copy, const std::string &wait) {
  Case one{.body = R"(
  %offset = mul i32 %tid, 16
  %mine = getelementptr i8, ptr addrspace(3) @smem, i32 %offset
)" + copy + "\n" + wait +
                   R"(
  %v = load <4 x i32>, ptr addrspace(3) %mine, align 16
  %o0 = extractelement <4 x i32> %v, i32 0
  %o1 = extractelement <4 x i32> %v, i32 1
  %o2 = extractelement <4 x i32> %v, i32 2
  %o3 = extractelement <4 x i32> %v, i32 3)",
           .inputs = 4,
           .outputs = 4,
           .sharedBytes = 512};
  for (uint32_t i = 0; i < 128; ++i)
    one.in.push_back(1000 + i);
  return one;
}

constexpr char kCopy[] =
    "  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) "
    "%mine, ptr addrspace(1) %p.i0)\n";
constexpr char kCommit[] = "  call void @llvm.nvvm.cp.async.commit.group()\n";
constexpr char kWait0[] = "  call void @llvm.nvvm.cp.async.wait.group(i32 0)\n";
constexpr char kWait1[] = "  call void @llvm.nvvm.cp.async.wait.group(i32 1)\n";

TEST(AsyncCopy, LandsAtTheWait) {
  Case one = copyCase(kCopy, kCommit + std::string(kWait0));
  for (one.options.seed = 0; one.options.seed < 4; ++one.options.seed)
    EXPECT_EQ(outputsOf(one), one.in);
}

TEST(AsyncCopy, WaitAllTakesWhatIsNotCommitted) {
  Case one = copyCase(kCopy, "  call void @llvm.nvvm.cp.async.wait.all()\n");
  EXPECT_EQ(outputsOf(one), one.in);
}

// Without the wait, with one that still allows the group, and where the copy
// belongs to no group.
TEST(AsyncCopy, WrongWaitsAreFound) {
  for (const std::string &wait :
       {std::string(kCommit), kCommit + std::string(kWait1),
        std::string(kWait0)})
    EXPECT_THAT(errorOf(copyCase(kCopy, wait)),
                HasSubstr("is the target of a copy of thread"))
        << wait;
}

// An empty group counts: a wait for all but one completes the copy's.
TEST(AsyncCopy, EmptyGroupsCount) {
  Case one = copyCase(kCopy, kCommit + std::string(kCommit) + kWait1);
  EXPECT_EQ(outputsOf(one), one.in);
}

TEST(AsyncCopy, SmallSizes) {
  Case one = copyCase(R"(
  call void @llvm.nvvm.cp.async.ca.shared.global.4(ptr addrspace(3) %mine, ptr addrspace(1) %p.i0)
  %m4 = getelementptr i8, ptr addrspace(3) %mine, i32 4
  call void @llvm.nvvm.cp.async.ca.shared.global.4(ptr addrspace(3) %m4, ptr addrspace(1) %p.i1)
  %m8 = getelementptr i8, ptr addrspace(3) %mine, i32 8
  call void @llvm.nvvm.cp.async.ca.shared.global.8(ptr addrspace(3) %m8, ptr addrspace(1) %p.i2)
)",
                      kCommit + std::string(kWait0));
  EXPECT_EQ(outputsOf(one), one.in);
  one = copyCase("  call void @llvm.nvvm.cp.async.ca.shared.global.16(ptr "
                 "addrspace(3) %mine, ptr addrspace(1) %p.i0)\n",
                 kCommit + std::string(kWait0));
  EXPECT_EQ(outputsOf(one), one.in);
}

// Of 16, 8 and 4 bytes: 6, 0 and 3 from the source, zeros after them.
TEST(AsyncCopy, SourceSizeFillsWithZeros) {
  auto sized = [](const char *form, int bytes) {
    return copyCase(fmt::format(R"(
  store <4 x i32> <i32 -1, i32 -1, i32 -1, i32 -1>, ptr addrspace(3) %mine, align 16
  call void @llvm.nvvm.cp.async.{}.s(ptr addrspace(3) %mine, ptr addrspace(1) %p.i0, i32 {})
)",
                                form, bytes),
                    kCommit + std::string(kWait0));
  };
  Case one = sized("cg.shared.global.16", 6);
  Words out = outputsOf(one);
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(out[4 * i], one.in[4 * i]);
    EXPECT_EQ(out[4 * i + 1], one.in[4 * i + 1] & 0xffff);
    EXPECT_EQ(out[4 * i + 2], 0u);
    EXPECT_EQ(out[4 * i + 3], 0u);
  }
  out = outputsOf(sized("ca.shared.global.8", 0));
  EXPECT_THAT(Words(out.begin(), out.begin() + 4),
              testing::ElementsAre(0u, 0u, 0xffffffffu, 0xffffffffu));
  one = sized("ca.shared.global.4", 3);
  out = outputsOf(one);
  EXPECT_EQ(out[0], one.in[0] & 0xffffff);
  EXPECT_EQ(out[1], 0xffffffffu);
}

// With no source byte nothing is read: the address may be anywhere.
TEST(AsyncCopy, NoSourceBytesNoSource) {
  Case one = copyCase(R"(
  %far = getelementptr i8, ptr addrspace(1) %p.i0, i64 1099511627776
  call void @llvm.nvvm.cp.async.cg.shared.global.16.s(ptr addrspace(3) %mine, ptr addrspace(1) %far, i32 0)
)",
                      kCommit + std::string(kWait0));
  EXPECT_THAT(outputsOf(one), testing::Each(0u));
}

TEST(AsyncCopy, SourceOutOfRange) {
  Case one = copyCase(R"(
  %far = getelementptr i8, ptr addrspace(1) %p.i0, i64 16
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %mine, ptr addrspace(1) %far)
)",
                      kCommit + std::string(kWait0));
  EXPECT_THAT(errorOf(one),
              AllOf(HasSubstr("thread 31"),
                    HasSubstr("nearest is `in`, 512 bytes"),
                    HasSubstr("at offset 512"), HasSubstr("cp.async.cg")));
}

TEST(AsyncCopy, Alignment) {
  EXPECT_THAT(errorOf(copyCase(R"(
  %odd = getelementptr i8, ptr addrspace(1) %p.i0, i64 8
  call void @llvm.nvvm.cp.async.cg.shared.global.16.s(ptr addrspace(3) %mine, ptr addrspace(1) %odd, i32 8)
)",
                               kCommit + std::string(kWait0))),
              HasSubstr("is no multiple of 16"));
  EXPECT_THAT(errorOf(copyCase(R"(
  %odd = getelementptr i8, ptr addrspace(3) %mine, i64 4
  call void @llvm.nvvm.cp.async.ca.shared.global.8(ptr addrspace(3) %odd, ptr addrspace(1) %p.i0)
)",
                               kCommit + std::string(kWait0))),
              HasSubstr("of shared memory is no multiple of 8"));
}

TEST(AsyncCopy, MoreThanTheSize) {
  EXPECT_THAT(errorOf(copyCase(R"(
  call void @llvm.nvvm.cp.async.cg.shared.global.16.s(ptr addrspace(3) %mine, ptr addrspace(1) %p.i0, i32 17)
)",
                               kCommit + std::string(kWait0))),
              HasSubstr("a copy of 16 bytes from 17"));
}

// The wait makes copies visible to the thread itself; others need a barrier.
TEST(AsyncCopy, OthersNeedABarrierToo) {
  const std::string other = R"(
  %next = xor i32 %tid, 1
  %at = mul i32 %next, 16
  %theirs = getelementptr i8, ptr addrspace(3) @smem, i32 %at
  %w = load i32, ptr addrspace(3) %theirs
)";
  EXPECT_THAT(errorOf(copyCase(kCopy, kCommit + std::string(kWait0) + other)),
              AnyOf(HasSubstr("a race"), HasSubstr("that no wait"),
                    HasSubstr("never written")));
  Case one = copyCase(
      kCopy, kCommit + std::string(kWait0) +
                 "  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)" +
                 other);
  EXPECT_EQ(outputsOf(one), one.in);
}

// A barrier before the wait does not make the copy complete.
TEST(AsyncCopy, BarrierWithoutAWait) {
  EXPECT_THAT(
      errorOf(copyCase(
          kCopy,
          kCommit +
              std::string("  call void "
                          "@llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n"))),
      HasSubstr("that no wait has completed"));
}

// The next stage's copy into what another warp may still be reading.
TEST(AsyncCopy, OverwritesWhatIsBeingRead) {
  Case one = copyCase(kCopy, kCommit + std::string(kWait0));
  one.body += R"(
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %next = xor i32 %tid, 1
  %at = mul i32 %next, 16
  %theirs = getelementptr i8, ptr addrspace(3) @smem, i32 %at
  %w = load i32, ptr addrspace(3) %theirs
)" + std::string(kCopy);
  EXPECT_THAT(errorOf(one), AnyOf(HasSubstr("a race: "),
                                  HasSubstr("that no wait has completed")));
}

TEST(AsyncCopy, TwoIntoOnePlace) {
  EXPECT_THAT(errorOf(copyCase(kCopy + std::string(kCopy),
                               kCommit + std::string(kWait0))),
              HasSubstr("is the target of a copy of thread"));
}

// The source may be read at once or at the wait: a kernel that changes it
// meanwhile sees both.
TEST(AsyncCopy, SourceIsReadAtAnyTime) {
  Case one{.body = R"(
  store i32 1, ptr addrspace(1) @cell
  call void @llvm.nvvm.cp.async.ca.shared.global.4(ptr addrspace(3) @smem, ptr addrspace(1) @cell)
  store i32 2, ptr addrspace(1) @cell
  call void @llvm.nvvm.cp.async.wait.all()
  %o0 = load i32, ptr addrspace(3) @smem)",
           .outputs = 1,
           .threads = 1,
           .sharedBytes = 4,
           .module = "@cell = addrspace(1) global i32 0\n"};
  bool saw[3] = {};
  for (one.options.seed = 0; one.options.seed < 20; ++one.options.seed)
    saw[outputsOf(one)[0] % 3] = true;
  EXPECT_TRUE(saw[1] && saw[2] && !saw[0]);
}

} // namespace
