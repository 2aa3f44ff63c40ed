//===- EmulatorTesting.cpp - Small kernels for tests ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"

#include <fmt/format.h>

#include <cstring>

namespace attnjit::emulator::test {

std::string textOf(const Case &one) {
  std::string text = R"(
target datalayout = "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"
@smem = external addrspace(3) global [0 x i8], align 1024
)" + one.module + R"(
define ptx_kernel void @k(ptr addrspace(1) %in, ptr addrspace(1) %out) {
start:
  %tid = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %block = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %size = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %before = mul i32 %block, %size
  %index = add i32 %before, %tid
)";
  text += fmt::format("  %first.in = mul i32 %index, {}\n"
                      "  %first.out = mul i32 %index, {}\n",
                      one.inputs, one.outputs);
  for (uint32_t i = 0; i < one.inputs; ++i)
    text += fmt::format(
        "  %at.i{0} = add i32 %first.in, {0}\n"
        "  %p.i{0} = getelementptr i32, ptr addrspace(1) %in, i32 %at.i{0}\n"
        "  %i{0} = load i32, ptr addrspace(1) %p.i{0}\n",
        i);
  text += one.body + "\n";
  for (uint32_t i = 0; i < one.outputs; ++i)
    text += fmt::format(
        "  %at.o{0} = add i32 %first.out, {0}\n"
        "  %p.o{0} = getelementptr i32, ptr addrspace(1) %out, i32 %at.o{0}\n"
        "  store i32 %o{0}, ptr addrspace(1) %p.o{0}\n",
        i);
  return text + "  ret void\n}\n";
}

static Result runWith(Emulator &kernel, const Case &one) {
  Result result;
  result.out.assign(size_t(one.threads) * one.blocks * one.outputs, 0xdeadbeef);
  struct {
    const void *in;
    void *out;
  } params = {one.in.data(), result.out.data()};
  Launch launch;
  launch.params = std::as_bytes(std::span(&params, 1));
  launch.grid.x = one.blocks;
  launch.block.x = one.threads;
  launch.dynamicSharedBytes = one.sharedBytes;
  Options options = one.options;
  if (!options.memory)
    options.memory.emplace();
  options.memory->push_back(
      {one.in.data(), one.in.size() * sizeof(uint32_t), false, "in"});
  options.memory->push_back(
      {result.out.data(), result.out.size() * sizeof(uint32_t), true, "out"});
  if (Expected<void> done = kernel.run(launch, options); !done)
    result.error = done.error().message();
  return result;
}

Result run(const Case &one) {
  Expected<Emulator> kernel = Emulator::load(textOf(one), "k");
  if (!kernel)
    return {.out = {}, .error = kernel.error().message()};
  return runWith(*kernel, one);
}

Words outputsOf(const Case &one) {
  Result result = run(one);
  EXPECT_EQ(result.error, "");
  if (!result.error.empty())
    result.out.assign(size_t(one.threads) * one.blocks * one.outputs, 0);
  return result.out;
}

std::string errorOf(Case one) {
  Expected<Emulator> kernel = Emulator::load(textOf(one), "k");
  if (!kernel) {
    ADD_FAILURE() << kernel.error().message();
    return {};
  }
  std::string message;
  for (one.options.seed = 0; one.options.seed < 5; ++one.options.seed) {
    message = runWith(*kernel, one).error;
    EXPECT_NE(message, "") << "seed " << one.options.seed;
  }
  return message;
}

std::string loadErrorOf(std::string_view text, std::string_view name) {
  Expected<Emulator> kernel = Emulator::load(text, name);
  EXPECT_FALSE(kernel.has_value());
  return kernel ? "" : kernel.error().message();
}

} // namespace attnjit::emulator::test
