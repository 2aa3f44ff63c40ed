//===- ScheduleTest.cpp - Orders that the seed chooses --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include "Random.h"

#include <set>

using namespace attnjit::emulator;
using namespace attnjit::emulator::test;

namespace {

/// Which thread of which block came when to a counter.
Case arrivals(uint64_t seed) {
  return {.body = R"(
  %old = atomicrmw add ptr addrspace(1) @count, i32 1 monotonic
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %again = atomicrmw add ptr addrspace(1) @count, i32 1 monotonic
  %o0 = add i32 %old, 0
  %o1 = add i32 %again, 0)",
          .outputs = 2,
          .threads = 64,
          .blocks = 6,
          .options = {.seed = seed},
          .module = "@count = addrspace(1) global i32 0\n"};
}

TEST(Schedule, IsTheSameForASeed) {
  for (uint64_t seed : {0, 1, 2})
    EXPECT_EQ(outputsOf(arrivals(seed)), outputsOf(arrivals(seed)));
}

TEST(Schedule, DiffersBySeed) {
  std::set<Words> seen;
  std::set<uint32_t> first;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Words out = outputsOf(arrivals(seed));
    seen.insert(out);
    for (uint32_t i = 0; i < out.size(); i += 2)
      if (out[i] == 0)
        first.insert(i / 128);
  }
  EXPECT_EQ(seen.size(), 10u);
  // Blocks begin in any order.
  EXPECT_GT(first.size(), 2u);
}

/// Each thread of two blocks stores a part; the block that is counted last
/// reads what the other's threads stored. `order` stands between the two.
Case merge(const std::string &order) {
  return {.body = R"(
  %slot = getelementptr i32, ptr addrspace(1) @parts, i32 %index
  store i32 1, ptr addrspace(1) %slot
)" + order + R"(
  %zero = icmp eq i32 %tid, 0
  br i1 %zero, label %count, label %join
count:
  %old = atomicrmw add ptr addrspace(1) @count, i32 1 syncscope("device") monotonic
  br label %join
join:
  %n = phi i32 [ %old, %count ], [ 0, %start ]
  %last = icmp eq i32 %n, 1
  br i1 %last, label %merge, label %end
merge:
  %other = sub i32 1, %block
  %first = mul i32 %other, 32
  %at = add i32 %first, 31
  %p = getelementptr i32, ptr addrspace(1) @parts, i32 %at
  %a = load i32, ptr addrspace(1) %p
  br label %end
end:
  %o0 = phi i32 [ 1, %join ], [ %a, %merge ])",
          .outputs = 1,
          .blocks = 2,
          .module = "@count = addrspace(1) global i32 0\n"
                    "@parts = addrspace(1) global [64 x i32] "
                    "zeroinitializer\n"};
}

constexpr char kFence[] = "  call void @llvm.nvvm.membar.gl()\n";
constexpr char kBarrier[] =
    "  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n";

/// Whether all of many schedules give the right result.
std::string wrongOf(Case one) {
  for (one.options.seed = 0; one.options.seed < 30; ++one.options.seed) {
    Result result = run(one);
    if (!result.error.empty())
      return result.error;
    for (uint32_t word : result.out)
      if (word != 1)
        return "stale";
  }
  return {};
}

TEST(Fence, BarrierThenFencePublishesTheBlock) {
  EXPECT_EQ(wrongOf(merge(kBarrier + std::string(kFence))), "");
  EXPECT_EQ(wrongOf(merge(kFence + std::string(kBarrier))), "");
  EXPECT_EQ(
      wrongOf(merge(kBarrier + std::string("  fence syncscope(\"device\") "
                                           "acq_rel\n"))),
      "");
}

TEST(Fence, AnAtomicThatReleases) {
  Case one = merge(kBarrier);
  one.body.replace(one.body.find("monotonic"), 9, "acq_rel");
  EXPECT_EQ(wrongOf(one), "");
}

// Without the barrier, a block is counted before its other threads have stored;
// interleaved blocks show it. Without the fence, or with one that only the
// block hears of, others need not see the stores.
TEST(Fence, MissingOnesAreFound) {
  for (const std::string &order :
       {std::string(kFence), std::string(kBarrier),
        kBarrier + std::string("  call void @llvm.nvvm.membar.cta()\n"),
        kBarrier + std::string("  fence syncscope(\"block\") acq_rel\n")})
    EXPECT_THAT(
        wrongOf(merge(order)),
        testing::AnyOf(testing::HasSubstr("with no fence behind it"), "stale"))
        << order;
}

// Thousands of switches, a full block, several resident at once.
TEST(Schedule, ManyThreads) {
  Case one{.body = R"(
  br label %loop
loop:
  %k = phi i32 [ 0, %start ], [ %next, %loop ]
  %v = phi i32 [ %tid, %start ], [ %sum, %loop ]
  %s = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %v, i32 %k, i32 31)
  %sum = add i32 %v, %s
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %next = add i32 %k, 1
  %more = icmp ult i32 %next, 8
  br i1 %more, label %loop, label %end
end:
  %o0 = add i32 %sum, 0)",
           .outputs = 1,
           .threads = 1024,
           .blocks = 3};
  Words out = outputsOf(one);
  for (uint32_t i = 0; i < out.size(); i += 32) {
    uint32_t v[32];
    for (uint32_t l = 0; l < 32; ++l)
      v[l] = i % 1024 + l;
    for (uint32_t k = 0; k < 8; ++k) {
      uint32_t s = v[k];
      for (uint32_t &x : v)
        x += s;
    }
    EXPECT_EQ(out[i + 5], v[5]) << "thread " << i + 5;
  }
}

TEST(Random, BelowItsBound) {
  Random random(42);
  int counts[7] = {};
  for (int i = 0; i < 7000; ++i)
    ++counts[random.below(7)];
  for (int count : counts)
    EXPECT_NEAR(count, 1000, 200);
}

} // namespace
