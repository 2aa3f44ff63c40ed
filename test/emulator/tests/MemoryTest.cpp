//===- MemoryTest.cpp - Plain loads and stores ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include "SharedMemory.h"

#include <fmt/format.h>

using namespace attnjit::emulator;
using namespace attnjit::emulator::test;
using testing::AllOf;
using testing::HasSubstr;

namespace {

//===--- shared memory ----------------------------------------------------===//

TEST(Shared, OutOfRange) {
  Case one{.body = R"(
  %p = getelementptr i32, ptr addrspace(3) @smem, i32 %tid
  store i32 1, ptr addrspace(3) %p)",
           .sharedBytes = 124};
  EXPECT_THAT(errorOf(one),
              AllOf(HasSubstr("thread 31"),
                    HasSubstr("4 bytes at offset 124 of shared memory, which "
                              "has 124 bytes"),
                    HasSubstr("store i32 1, ptr addrspace(3) %p")));
  one.body = "  store i32 1, ptr addrspace(3) getelementptr (i8, ptr "
             "addrspace(3) @smem, i32 -4)";
  EXPECT_THAT(errorOf(one), HasSubstr("offset -4"));
}

// Through a generic address as well.
TEST(Shared, GenericAddresses) {
  Case one{.body = R"(
  %g = addrspacecast ptr addrspace(3) @smem to ptr
  %p = getelementptr i32, ptr %g, i32 %tid
  store i32 %tid, ptr %p
  %q = getelementptr i32, ptr addrspace(3) @smem, i32 %tid
  %o0 = load i32, ptr addrspace(3) %q)",
           .outputs = 1,
           .sharedBytes = 128};
  EXPECT_EQ(outputsOf(one)[9], 9u);
  one.sharedBytes = 64;
  EXPECT_THAT(errorOf(one), HasSubstr("of shared memory, which has 64 bytes"));
}

TEST(Shared, Misaligned) {
  Case one{.body = R"(
  %b = getelementptr i8, ptr addrspace(3) @smem, i32 8
  store <4 x i32> zeroinitializer, ptr addrspace(3) %b, align 16)",
           .threads = 1,
           .sharedBytes = 64};
  EXPECT_THAT(errorOf(one),
              HasSubstr("offset 8 of shared memory is no multiple of 16"));
}

TEST(Shared, NeverWrittenBytes) {
  Case one{.body = R"(
  store i16 1, ptr addrspace(3) @smem
  %o0 = load i32, ptr addrspace(3) @smem)",
           .outputs = 1,
           .threads = 1,
           .sharedBytes = 64};
  EXPECT_THAT(errorOf(one), HasSubstr("offset 0 of shared memory was never "
                                      "written"));
}

// Halves of one word by different threads are no race.
TEST(Shared, SubWordsOfOneWord) {
  Case one{.body = R"(
  %p = getelementptr i16, ptr addrspace(3) @smem, i32 %tid
  %v = trunc i32 %tid to i16
  store i16 %v, ptr addrspace(3) %p
  %w = load i16, ptr addrspace(3) %p
  %u = add i16 %w, 1
  store i16 %u, ptr addrspace(3) %p
  %x = load i16, ptr addrspace(3) %p
  %o0 = zext i16 %x to i32)",
           .outputs = 1,
           .sharedBytes = 64};
  for (one.options.seed = 0; one.options.seed < 5; ++one.options.seed)
    EXPECT_EQ(outputsOf(one)[30], 31u);
}

TEST(Shared, EveryBlockStartsPoisoned) {
  Case one{.body = R"(
  %first = icmp eq i32 %block, 0
  br i1 %first, label %write, label %read
write:
  store i32 1, ptr addrspace(3) @smem
  br label %end
read:
  %v = load i32, ptr addrspace(3) @smem
  br label %end
end:)",
           .threads = 1,
           .blocks = 4,
           .sharedBytes = 4};
  EXPECT_THAT(errorOf(one), HasSubstr("was never written"));
}

TEST(Shared, StaticVariablesComeFirst) {
  Case one{.body = R"(
  store i32 5, ptr addrspace(3) @table
  store i32 6, ptr addrspace(3) @smem
  %a = ptrtoint ptr addrspace(3) @table to i64
  %b = ptrtoint ptr addrspace(3) @smem to i64
  %d = sub i64 %b, %a
  %o0 = trunc i64 %d to i32
  %o1 = load i32, ptr addrspace(3) @table)",
           .outputs = 2,
           .threads = 1,
           .sharedBytes = 4,
           .module = "@table = internal addrspace(3) global [100 x i8] undef, "
                     "align 16\n"};
  // @smem is aligned to 1024.
  EXPECT_EQ(outputsOf(one), (Words{1024, 5}));
}

TEST(Shared, AtomicsAreNoRace) {
  Case one{.body = R"(
  %zero = icmp eq i32 %tid, 0
  br i1 %zero, label %init, label %go
init:
  store i32 0, ptr addrspace(3) @smem
  br label %go
go:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %old = atomicrmw add ptr addrspace(3) @smem, i32 %tid monotonic
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %o0 = load i32, ptr addrspace(3) @smem)",
           .outputs = 1,
           .threads = 64,
           .sharedBytes = 4};
  for (one.options.seed = 0; one.options.seed < 5; ++one.options.seed)
    EXPECT_EQ(outputsOf(one)[17], 63u * 32);
  // But one against a plain load is.
  const std::string barrier =
      "  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n";
  one.body.erase(one.body.rfind(barrier), barrier.size());
  EXPECT_THAT(errorOf(one), HasSubstr("a race"));
}

// Straight, what a schedule cannot show: the reading comes first here.
TEST(SharedMemory, RaceFoundAtTheSecondAccess) {
  Clocks clocks(64);
  clocks.reset();
  SharedMemory shared(64, 64, clocks);
  ASSERT_TRUE(shared.isValid());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(shared.data()) % (256 * 1024), 0u);
  EXPECT_LT(reinterpret_cast<uintptr_t>(shared.data()), uintptr_t(1) << 31);
  shared.reset();
  EXPECT_EQ(shared.write(3, shared.data(), 8), "");
  EXPECT_EQ(shared.read(3, shared.data(), 8), "");
  EXPECT_THAT(shared.read(40, shared.data() + 4, 4),
              HasSubstr("thread 40 reads offset 4 of shared memory, which "
                        "thread 3 wrote"));
  // 3 tells 40, which then reads; 3 has not heard of that.
  Clocks::Joined joined;
  clocks.release(3, joined);
  clocks.acquire(40, joined);
  EXPECT_EQ(shared.read(40, shared.data() + 4, 4), "");
  EXPECT_EQ(shared.write(3, shared.data(), 4), "");
  EXPECT_THAT(shared.write(3, shared.data() + 4, 1),
              HasSubstr("thread 3 writes offset 4 of shared memory, which "
                        "thread 40 read"));
}

//===--- global memory ----------------------------------------------------===//

TEST(Global, OutOfRange) {
  Case one{.body = R"(
  %p = getelementptr i32, ptr addrspace(1) %out, i32 32
  store i32 1, ptr addrspace(1) %p)",
           .outputs = 1};
  one.body += "\n  %o0 = add i32 0, 0";
  EXPECT_THAT(errorOf(one), AllOf(HasSubstr("are in no range of global memory"),
                                  HasSubstr("nearest is `out`, 128 bytes"),
                                  HasSubstr("at offset 128")));
}

TEST(Global, InputsAreNotWritten) {
  Case one{.body = "  store i32 1, ptr addrspace(1) %p.i0",
           .inputs = 1,
           .in = Words(32)};
  EXPECT_THAT(errorOf(one),
              AllOf(HasSubstr("a write to offset"),
                    HasSubstr("of `in`, which may only be read")));
}

TEST(Global, NullAndMisaligned) {
  Case one{.body = "  %v = load i32, ptr addrspace(1) inttoptr (i64 64 to ptr "
                   "addrspace(1))"};
  EXPECT_THAT(errorOf(one), HasSubstr("0x40, a null pointer with an offset"));
  one.body = R"(
  %q = getelementptr i8, ptr addrspace(1) %out, i32 2
  %v = load i32, ptr addrspace(1) %q
  %o0 = add i32 0, 0)";
  one.outputs = 1;
  EXPECT_THAT(errorOf(one), HasSubstr("is no multiple of 4"));
}

TEST(Global, VariablesOfTheModule) {
  Case one{.body = R"(
  %p = getelementptr i32, ptr addrspace(4) @squares, i32 %tid
  %o0 = load i32, ptr addrspace(4) %p
  %c = atomicrmw add ptr addrspace(1) @count, i32 1 syncscope("device") acq_rel
  %q = getelementptr i8, ptr addrspace(1) @zeros, i32 60
  %o1 = load i32, ptr addrspace(1) %q)",
           .outputs = 2,
           .threads = 3,
           .module = R"(
@squares = internal addrspace(4) constant [3 x i32] [i32 0, i32 1, i32 4]
@count = addrspace(1) global i32 0
@zeros = private addrspace(1) constant [64 x i8] zeroinitializer, align 64
)"};
  EXPECT_EQ(outputsOf(one), (Words{0, 0, 1, 0, 4, 0}));
  one.threads = 4;
  EXPECT_THAT(errorOf(one), HasSubstr("nearest is `squares`, 12 bytes"));
  one.threads = 1;
  one.body += "\n  store i32 1, ptr addrspace(1) %q";
  EXPECT_THAT(errorOf(one), HasSubstr("`zeros`, which may only be read"));
}

TEST(Global, AtomicsAcrossBlocks) {
  Case one{.body = R"(
  %old = atomicrmw add ptr addrspace(1) @count, i32 1 syncscope("device") acq_rel
  %o0 = add i32 %old, 0)",
           .outputs = 1,
           .threads = 32,
           .blocks = 5,
           .options = {.seed = 3, .memory = {}, .residentBlocks = 3},
           .module = "@count = addrspace(1) global i32 0\n"};
  Words out = outputsOf(one);
  std::sort(out.begin(), out.end());
  for (uint32_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], i);
}

TEST(Global, MemoryCallsAreChecked) {
  Case one{.body = R"(
  call void @llvm.memset.p1.i64(ptr addrspace(1) %out, i8 0, i64 132, i1 false)
  %o0 = add i32 0, 0)",
           .outputs = 1};
  EXPECT_THAT(errorOf(one), HasSubstr("132 bytes at"));
}

TEST(Local, VariablesOfTheThread) {
  Case one{.body = R"(
  %a = alloca [4 x i32], align 16
  %n = and i32 %tid, 3
  %p = getelementptr i32, ptr %a, i32 %n
  store i32 %tid, ptr %p
  %l = addrspacecast ptr %p to ptr addrspace(5)
  %o0 = load i32, ptr addrspace(5) %l)",
           .outputs = 1};
  EXPECT_EQ(outputsOf(one)[21], 21u);
}

} // namespace
