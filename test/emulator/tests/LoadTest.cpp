//===- LoadTest.cpp - What does not load, and what does not launch --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"

using namespace attnjit;
using namespace attnjit::emulator;
using namespace attnjit::emulator::test;
using testing::AllOf;
using testing::HasSubstr;

namespace {

TEST(Load, NotIr) {
  EXPECT_THAT(loadErrorOf("define void @k( {"),
              HasSubstr("not LLVM IR: line 1: "));
  EXPECT_THAT(loadErrorOf("hello"), HasSubstr("not LLVM IR"));
}

TEST(Load, NoSuchKernel) {
  EXPECT_THAT(loadErrorOf(textOf({.body = ""}), "other"),
              HasSubstr("the module defines no kernel `other`"));
  EXPECT_THAT(loadErrorOf("declare void @k()"), HasSubstr("no kernel `k`"));
}

TEST(Load, UnknownIntrinsic) {
  EXPECT_THAT(
      loadErrorOf(textOf(
          {.body = "  call void @llvm.nvvm.wgmma.fence.sync.aligned()"})),
      AllOf(HasSubstr("kernel `k`: the emulator does not know "
                      "`llvm.nvvm.wgmma.fence.sync.aligned`")));
}

TEST(Load, WhatNvptxCannotSelect) {
  EXPECT_THAT(loadErrorOf(textOf(
                  {.body = "  %f = uitofp i32 %tid to float\n"
                           "  %e = call float @llvm.log2.f32(float %f)"})),
              HasSubstr("NVPTX has no instruction for `llvm.log2.f32`"));
}

TEST(Load, CallsOutOfTheModule) {
  EXPECT_THAT(
      loadErrorOf(textOf({.body = "  %e = call float @__nv_expf(float 1.0)",
                          .module = "declare float @__nv_expf(float)\n"})),
      HasSubstr("calls `__nv_expf`, which the module does not define"));
  EXPECT_THAT(loadErrorOf(textOf({.body = "  %a = inttoptr i32 %tid to ptr\n"
                                          "  call void %a()"})),
              HasSubstr("calls through a pointer"));
}

TEST(Load, FunctionsOfTheModuleAreRewrittenToo) {
  Case one{
      .body = "  %o0 = call i32 @next(i32 %tid)", .outputs = 1, .module = R"(
define internal i32 @next(i32 %x) noinline {
  %r = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -1, i32 %x, i32 2, i32 31)
  ret i32 %r
}
)"};
  EXPECT_EQ(outputsOf(one)[4], 6u);
}

// What the contract asks for: one struct by value, read at its offsets.
TEST(Params, ByValueStruct) {
  const char text[] = R"(
target datalayout = "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"
%Args = type { i32, i32, ptr, [3 x i64] }
define ptx_kernel void @k(ptr noundef byval(%Args) align 8 %args) "nvvm.maxntid"="32" {
  %p0 = getelementptr %Args, ptr %args, i32 0, i32 2
  %out = load ptr, ptr %p0, align 8
  %p1 = getelementptr %Args, ptr %args, i32 0, i32 3, i32 2
  %x = load i64, ptr %p1, align 8
  %space = addrspacecast ptr %args to ptr addrspace(101)
  %p2 = getelementptr i8, ptr addrspace(101) %space, i32 4
  %y = load i32, ptr addrspace(101) %p2, align 4
  %z = zext i32 %y to i64
  %sum = add i64 %x, %z
  store i64 %sum, ptr %out, align 8
  ret void
}
)";
  auto kernel = Emulator::load(text, "k");
  ASSERT_TRUE(kernel.has_value()) << kernel.error().message();
  int64_t out = 0;
  struct {
    int32_t a = 1, b = 20;
    int64_t *out;
    int64_t c[3] = {3, 4, 500};
  } args;
  args.out = &out;
  Launch launch{.params = std::as_bytes(std::span(&args, 1))};
  Options options;
  options.memory = {{&out, sizeof(out), true, "out"}};
  auto done = kernel->run(launch, options);
  ASSERT_TRUE(done.has_value()) << done.error().message();
  EXPECT_EQ(out, 520);

  launch.params = launch.params.first(39);
  done = kernel->run(launch, options);
  ASSERT_FALSE(done.has_value());
  EXPECT_THAT(done.error().message(),
              HasSubstr("39 bytes of parameters; the kernel takes 40"));
}

TEST(Params, AreNotWrittenNorLeft) {
  const char text[] = R"(
target triple = "nvptx64-nvidia-cuda"
define ptx_kernel void @k(ptr byval([4 x i32]) align 4 %args) {
  %p = getelementptr i32, ptr %args, i32 2
  store i32 1, ptr %p
  ret void
}
define ptx_kernel void @past(ptr byval([4 x i32]) align 4 %args) {
  %s = addrspacecast ptr %args to ptr addrspace(101)
  %p = getelementptr i32, ptr addrspace(101) %s, i32 4
  %x = load i32, ptr addrspace(101) %p
  ret void
}
)";
  int32_t args[4] = {};
  Launch launch{.params = std::as_bytes(std::span(args))};
  auto message = [&](const char *name) {
    auto kernel = Emulator::load(text, name);
    EXPECT_TRUE(kernel.has_value());
    auto done = kernel->run(launch);
    return done ? "" : done.error().message();
  };
  EXPECT_THAT(message("k"), HasSubstr("a write to offset 8 of the parameters"));
  EXPECT_THAT(message("past"), HasSubstr("4 bytes at offset 16 of the "
                                         "parameters, which have 16"));
}

TEST(Launch, Limits) {
  auto message = [](Case one) { return run(one).error; };
  EXPECT_THAT(message({.body = "", .threads = 1025}),
              HasSubstr("a launch of a block of 1025 x 1 x 1 threads; it has 1 "
                        "to 1024"));
  EXPECT_THAT(message({.body = "", .threads = 0}), HasSubstr("1 to 1024"));
  EXPECT_THAT(message({.body = "", .sharedBytes = 227 * 1024 + 1}),
              HasSubstr("232449 bytes of shared memory, 0 of them static; a "
                        "block has at most 232448"));
  EXPECT_EQ(message({.body = "", .blocks = 0}), "");
}

} // namespace
