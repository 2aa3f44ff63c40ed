//===- BarrierTest.cpp - Barriers, deadlock, divergence -------------------===//
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
using testing::HasSubstr;

namespace {

/// Each thread writes its index to shared memory, then reads that of the
/// thread `distance` further; `between` stands in the middle.
Case exchange(const std::string &between, uint32_t threads, uint32_t distance) {
  return {.body = fmt::format(R"(
  %mine = getelementptr i32, ptr addrspace(3) @smem, i32 %tid
  store i32 %tid, ptr addrspace(3) %mine
{}
  %sum = add i32 %tid, {}
  %other = urem i32 %sum, {}
  %theirs = getelementptr i32, ptr addrspace(3) @smem, i32 %other
  %o0 = load i32, ptr addrspace(3) %theirs)",
                              between, distance, threads),
          .outputs = 1,
          .threads = threads,
          .sharedBytes = 4 * threads};
}

constexpr char kBarrier[] =
    "  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n";

void expectExchanged(const Case &one, uint32_t distance) {
  Words out = outputsOf(one);
  for (uint32_t i = 0; i < one.threads; ++i)
    EXPECT_EQ(out[i], (i + distance) % one.threads);
}

TEST(Barrier, OrdersMemory) {
  for (uint32_t threads : {32u, 64u, 96u, 256u, 1024u})
    expectExchanged(exchange(kBarrier, threads, 33), 33);
}

TEST(Barrier, NonAlignedForms) {
  expectExchanged(
      exchange("  call void @llvm.nvvm.barrier.cta.sync.all(i32 5)", 64, 32),
      32);
  expectExchanged(
      exchange("  call void @llvm.nvvm.barrier.cta.sync.count(i32 5, i32 64)",
               64, 32),
      32);
}

// The missing barrier is found whichever thread comes first: as a read of what
// was never written, or as a race.
TEST(Barrier, MissingOneIsFound) {
  EXPECT_THAT(
      errorOf(exchange("", 64, 32)),
      testing::AnyOf(HasSubstr("was never written"), HasSubstr("a race: ")));
}

// A block has read a value that the next round overwrites.
TEST(Barrier, MissingOneBeforeOverwritingIsARace) {
  Case one = exchange(kBarrier, 64, 32);
  one.body += "\n  store i32 7, ptr addrspace(3) %mine";
  EXPECT_THAT(errorOf(one),
              AllOf(HasSubstr("a race: "), HasSubstr("no barrier between")));
  one.body = exchange(kBarrier, 64, 32).body + "\n" + kBarrier +
             "  store i32 7, ptr addrspace(3) %mine";
  expectExchanged(one, 32);
}

TEST(Barrier, OneWarpCannotOrderTwo) {
  EXPECT_THAT(
      errorOf(exchange("  call void @llvm.nvvm.bar.warp.sync(i32 -1)", 64, 32)),
      testing::AnyOf(HasSubstr("never written"), HasSubstr("a race")));
  expectExchanged(
      exchange("  call void @llvm.nvvm.bar.warp.sync(i32 -1)", 32, 1), 1);
}

// A vote meets the other lanes, but the manual promises nothing about memory.
TEST(Barrier, VoteOrdersNoMemory) {
  EXPECT_THAT(
      errorOf(exchange(
          "  %v = call i32 @llvm.nvvm.vote.ballot.sync(i32 -1, i1 true)", 32,
          1)),
      HasSubstr("a race"));
}

TEST(Barrier, Reductions) {
  Case one{.body = R"(
  %c = icmp ult i32 %tid, 40
  %o0 = call i32 @llvm.nvvm.barrier.cta.red.popc.aligned.all(i32 0, i1 %c)
  %a = call i1 @llvm.nvvm.barrier.cta.red.and.aligned.all(i32 0, i1 %c)
  %b = call i1 @llvm.nvvm.barrier.cta.red.or.aligned.count(i32 1, i32 64, i1 %c)
  %o1 = zext i1 %a to i32
  %o2 = zext i1 %b to i32)",
           .outputs = 3,
           .threads = 64};
  Words out = outputsOf(one);
  for (uint32_t i = 0; i < 64; ++i) {
    EXPECT_EQ(out[3 * i], 40u);
    EXPECT_EQ(out[3 * i + 1], 0u);
    EXPECT_EQ(out[3 * i + 2], 1u);
  }
}

// Warp 0 writes and arrives; warp 1 waits, then reads.
constexpr char kProducer[] = R"(
  %producer = icmp ult i32 %tid, 32
  br i1 %producer, label %give, label %take
give:
  %mine = getelementptr i32, ptr addrspace(3) @smem, i32 %tid
  store i32 %tid, ptr addrspace(3) %mine
  call void @llvm.nvvm.barrier.cta.arrive.aligned.count(i32 1, i32 {0})
  br label %end
take:
  call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 1, i32 {1})
  %theirs = getelementptr i32, ptr addrspace(3) @smem, i32 %tid
  %their = getelementptr i32, ptr addrspace(3) %theirs, i32 -32
  %v = load i32, ptr addrspace(3) %their
  br label %end
end:
  %o0 = phi i32 [ 0, %give ], [ %v, %take ])";

TEST(Barrier, ArriveDoesNotWaitAndOrders) {
  Case one{.body = fmt::format(kProducer, 64, 64),
           .outputs = 1,
           .threads = 64,
           .sharedBytes = 256};
  for (one.options.seed = 0; one.options.seed < 8; ++one.options.seed) {
    Words out = outputsOf(one);
    for (uint32_t i = 32; i < 64; ++i)
      EXPECT_EQ(out[i], i - 32);
  }
}

TEST(Barrier, CountsMustAgree) {
  Case one{.body = fmt::format(kProducer, 64, 32),
           .outputs = 1,
           .threads = 64,
           .sharedBytes = 256};
  EXPECT_THAT(errorOf(one), testing::AnyOf(HasSubstr("have arrived at it for"),
                                           HasSubstr("never written")));
  one.body = fmt::format(kProducer, 48, 48);
  EXPECT_THAT(errorOf(one), HasSubstr("no multiple of the warp size"));
}

TEST(Barrier, IdMustExist) {
  Case one{.body =
               "  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 16)"};
  EXPECT_THAT(errorOf(one), HasSubstr("barrier 16; a block has 16"));
}

// Only warp 0 comes to the second barrier.
TEST(Barrier, DeadlockNamesWhoWaitsWhere) {
  Case one{.body = R"(
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %first = icmp ult i32 %tid, 32
  br i1 %first, label %a, label %b
a:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 1)
  br label %end
b:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 2)
  br label %end
end:)",
           .threads = 64};
  EXPECT_THAT(
      errorOf(one),
      AllOf(HasSubstr("a deadlock: all of 64 threads wait"),
            HasSubstr("32 threads, first block (0, 0, 0), thread 0 (warp 0, "
                      "lane 0) at `call void "
                      "@llvm.nvvm.barrier.cta.sync.aligned.all(i32 1)`"),
            HasSubstr("all(i32 2)`")));
}

// The barrier counts the threads that are left.
TEST(Barrier, GoesOnWithoutExitedThreads) {
  Case one{.body = R"(
  %done = icmp uge i32 %tid, 32
  br i1 %done, label %exit, label %go
exit:
  ret void
go:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %o0 = add i32 %tid, 1)",
           .outputs = 1,
           .threads = 96};
  for (one.options.seed = 0; one.options.seed < 8; ++one.options.seed)
    EXPECT_EQ(outputsOf(one)[31], 32u);
}

// Lanes of one warp in two places of an aligned barrier.
TEST(Barrier, DivergentAlignedBarrier) {
  Case one{.body = R"(
  %odd = trunc i32 %tid to i1
  br i1 %odd, label %a, label %b
a:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br label %end
b:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br label %end
end:)"};
  EXPECT_THAT(errorOf(one), HasSubstr("divergent: a lane of the warp is at "
                                      "barrier 0 in another place"));
}

// Even lanes shuffle with all, odd lanes vote with all: neither can complete.
TEST(Divergence, CollectivesThatWaitForEachOther) {
  Case one{.body = R"(
  %odd = trunc i32 %tid to i1
  br i1 %odd, label %a, label %b
a:
  %x = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -1, i32 %tid, i32 1, i32 31)
  br label %end
b:
  %y = call i32 @llvm.nvvm.vote.ballot.sync(i32 -1, i1 true)
  br label %end
end:)"};
  EXPECT_THAT(errorOf(one),
              AllOf(HasSubstr("divergent: the lane's mask is 0xffffffff"),
                    HasSubstr("shfl.sync.bfly"), HasSubstr("vote.ballot")));
}

TEST(Divergence, MasksMustAgree) {
  Case one{.body = R"(
  %low = icmp ult i32 %tid, 16
  %mask = select i1 %low, i32 65535, i32 -1
  %x = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 %mask, i32 %tid, i32 1, i32 31)
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0))"};
  EXPECT_THAT(errorOf(one),
              testing::AnyOf(HasSubstr("divergent"), HasSubstr("a deadlock")));
}

TEST(Fence, IsAccepted) {
  Case one{.body = R"(
  call void @llvm.nvvm.membar.cta()
  call void @llvm.nvvm.membar.gl()
  call void @llvm.nvvm.membar.sys()
  call void @llvm.nvvm.fence.sc.cluster()
  call void @llvm.nvvm.nanosleep(i32 20)
  fence syncscope("device") acq_rel
  %o0 = add i32 %tid, 0)",
           .outputs = 1};
  EXPECT_EQ(outputsOf(one)[7], 7u);
}

} // namespace
