//===- SpecialRegistersTest.cpp - %tid and the like, integers -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"

#include <fmt/format.h>

using namespace attnjit::emulator;
using namespace attnjit::emulator::test;

namespace {

/// Register `name` of each thread.
Words registerOf(const std::string &name, uint32_t threads = 64,
                 uint32_t blocks = 1, uint32_t sharedBytes = 0) {
  return outputsOf({.body = fmt::format(
                        "  %o0 = call i32 @llvm.nvvm.read.ptx.sreg.{}()", name),
                    .outputs = 1,
                    .threads = threads,
                    .blocks = blocks,
                    .sharedBytes = sharedBytes});
}

TEST(SpecialRegisters, OfOneDimension) {
  EXPECT_EQ(registerOf("tid.x")[45], 45u);
  EXPECT_EQ(registerOf("tid.y")[45], 0u);
  EXPECT_EQ(registerOf("ntid.x")[0], 64u);
  EXPECT_EQ(registerOf("ctaid.x", 32, 3)[64], 2u);
  EXPECT_EQ(registerOf("nctaid.x", 32, 3)[1], 3u);
  EXPECT_EQ(registerOf("laneid")[45], 13u);
  EXPECT_EQ(registerOf("warpid")[45], 1u);
  EXPECT_EQ(registerOf("nwarpid")[45], 2u);
  EXPECT_EQ(registerOf("warpsize")[45], 32u);
  EXPECT_EQ(registerOf("lanemask.eq")[45], 1u << 13);
  EXPECT_EQ(registerOf("lanemask.lt")[45], 0x1fffu);
  EXPECT_EQ(registerOf("lanemask.le")[45], 0x3fffu);
  EXPECT_EQ(registerOf("lanemask.gt")[45], 0xffffc000u);
  EXPECT_EQ(registerOf("lanemask.ge")[45], 0xffffe000u);
  EXPECT_EQ(registerOf("dynamic_smem_size", 64, 1, 4096)[3], 4096u);
  EXPECT_EQ(registerOf("total_smem_size", 64, 1, 4096)[3], 4096u);
}

// Threads are numbered by x, then y, then z; so are blocks.
TEST(SpecialRegisters, OfThreeDimensions) {
  const char text[] = R"(
target triple = "nvptx64-nvidia-cuda"
define ptx_kernel void @k(ptr addrspace(1) %out) {
  %tx = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %ty = call i32 @llvm.nvvm.read.ptx.sreg.tid.y()
  %tz = call i32 @llvm.nvvm.read.ptx.sreg.tid.z()
  %nx = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %ny = call i32 @llvm.nvvm.read.ptx.sreg.ntid.y()
  %nz = call i32 @llvm.nvvm.read.ptx.sreg.ntid.z()
  %bx = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %by = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.y()
  %bz = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.z()
  %gx = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %gy = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.y()
  %gz = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.z()
  %a = mul i32 %tz, %ny
  %b = add i32 %a, %ty
  %c = mul i32 %b, %nx
  %t = add i32 %c, %tx
  %d = mul i32 %bz, %gy
  %e = add i32 %d, %by
  %f = mul i32 %e, %gx
  %g = add i32 %f, %bx
  %h = mul i32 %nx, %ny
  %n = mul i32 %h, %nz
  %i = mul i32 %g, %n
  %j = add i32 %i, %t
  %l = call i32 @llvm.nvvm.read.ptx.sreg.laneid()
  %v = mul i32 %gz, 100
  %w = add i32 %v, %l
  %p = getelementptr i32, ptr addrspace(1) %out, i32 %j
  store i32 %w, ptr addrspace(1) %p
  ret void
}
)";
  auto kernel = Emulator::load(text, "k");
  ASSERT_TRUE(kernel.has_value()) << kernel.error().message();
  Words out(2 * 3 * 4 * 5 * 2 * 4);
  const void *params[] = {out.data()};
  Options options;
  options.memory = {{out.data(), out.size() * 4, true, "out"}};
  auto done = kernel->run({.params = std::as_bytes(std::span(params)),
                           .grid = {2, 3, 4},
                           .block = {5, 2, 4}},
                          options);
  ASSERT_TRUE(done.has_value()) << done.error().message();
  for (uint32_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], 400 + i % 40 % 32);
}

Words integers(const char *name, Words in) {
  return outputsOf(
      {.body = fmt::format("  %o0 = call i32 @llvm.nvvm.{}(i32 %i0, i32 %i1{})",
                           name, in.size() == 3 ? ", i32 %i2" : ""),
       .inputs = static_cast<uint32_t>(in.size()),
       .outputs = 1,
       .in = in,
       .threads = 1});
}

TEST(Integers, Permute) {
  // Bytes 0 to 3 are of the first operand, 4 to 7 of the second.
  EXPECT_EQ(integers("prmt", {0x33221100, 0x77665544, 0x5410})[0], 0x55441100u);
  EXPECT_EQ(integers("prmt", {0x33221100, 0x77665544, 0x0123})[0], 0x00112233u);
  // With the top bit: the byte's sign, eight times.
  EXPECT_EQ(integers("prmt", {0x00008070, 0, 0x0098})[0], 0x7070ff00u);
}

TEST(Integers, MultiplyHigh) {
  EXPECT_EQ(integers("mulhi.i", {0x80000000, 4})[0], 0xfffffffeu);
  EXPECT_EQ(integers("mulhi.ui", {0x80000000, 4})[0], 2u);
}

} // namespace
