//===- GoldenKernel.cpp - A kernel of one instruction ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenKernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace attnjit::golden {

std::string nameOf(const GoldenKernel &kernel) {
  std::string name = kernel.isAsm ? "asm_" : "";
  if (kernel.form)
    name += fmt::format("{}_{}", kernel.form->opcode, kernel.form->operands);
  else
    name += kernel.instruction;
  if (!kernel.inputsName.empty())
    name += "__" + kernel.inputsName;
  for (char &c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)))
      c = '_';
  return name;
}

GoldenCase inputsOf(const GoldenKernel &kernel) {
  GoldenCase one;
  one.name = nameOf(kernel);
  one.instruction = kernel.ptxName;
  one.sm = kernel.sm;
  one.grid = kernel.grid;
  one.block = kernel.block;
  one.sharedBytes = kernel.sharedBytes;
  one.inputs = kernel.inputs;
  one.outputs = kernel.outputs;
  one.in = kernel.in;
  one.rule = kernel.rule;
  return one;
}

//===----------------------------------------------------------------------===//
// The module around a body
//===----------------------------------------------------------------------===//

static constexpr char kHead[] = R"(
target datalayout = "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"
@smem = external addrspace(3) global [0 x i8], align 1024
define ptx_kernel void @{0}(ptr byval({{ptr, ptr}}) align 8 %addresses) {{
start:
  %in.generic = load ptr, ptr %addresses
  %addresses.out = getelementptr i8, ptr %addresses, i64 8
  %out.generic = load ptr, ptr %addresses.out
  %in = addrspacecast ptr %in.generic to ptr addrspace(1)
  %out = addrspacecast ptr %out.generic to ptr addrspace(1)
)";

static std::string readRegister(std::string_view name, std::string_view sreg) {
  return fmt::format("  %{} = call i32 @llvm.nvvm.read.ptx.sreg.{}()\n", name,
                     sreg);
}

/// `%tid`, and `%index` in the grid.
static std::string positionText(const GoldenKernel &kernel) {
  const bool isFlat =
      kernel.grid[1] * kernel.grid[2] * kernel.block[1] * kernel.block[2] == 1;
  if (isFlat)
    return readRegister("tid", "tid.x") + readRegister("ctaid", "ctaid.x") +
           fmt::format("  %before = mul i32 %ctaid, {}\n"
                       "  %index = add i32 %before, %tid\n",
                       kernel.block[0]);
  std::string text;
  for (const char *axis : {"x", "y", "z"})
    for (const char *of : {"tid", "ctaid"})
      text += readRegister(fmt::format("at.{}.{}", of, axis),
                           fmt::format("{}.{}", of, axis));
  auto flat = [&](const char *of, const std::array<uint32_t, 3> &size) {
    text += fmt::format("  %{0}.zy = mul i32 %at.{0}.z, {1}\n"
                        "  %{0}.y = add i32 %{0}.zy, %at.{0}.y\n"
                        "  %{0}.yx = mul i32 %{0}.y, {2}\n"
                        "  %{0} = add i32 %{0}.yx, %at.{0}.x\n",
                        of, size[1], size[0]);
  };
  flat("tid", kernel.block);
  flat("ctaid", kernel.grid);
  return text +
         fmt::format("  %before = mul i32 %ctaid, {}\n"
                     "  %index = add i32 %before, %tid\n",
                     kernel.block[0] * kernel.block[1] * kernel.block[2]);
}

/// `%p.i0`, ...: addresses of the thread's words of `%in`, or of `%out`.
static std::string addressText(char letter, std::string_view base,
                               uint32_t words) {
  std::string text =
      fmt::format("  %first.{} = mul i32 %index, {}\n", letter, words);
  for (uint32_t i = 0; i < words; ++i)
    text += fmt::format(
        "  %at.{0}{1} = add i32 %first.{0}, {1}\n"
        "  %p.{0}{1} = getelementptr i32, ptr addrspace(1) %{2}, i32 "
        "%at.{0}{1}\n",
        letter, i, base);
  return text;
}

std::string textOf(const GoldenKernel &kernel) {
  std::string text = fmt::format(kHead, kGoldenSymbol) + positionText(kernel) +
                     addressText('i', "in", kernel.inputs) +
                     addressText('o', "out", kernel.outputs);
  for (uint32_t i = 0; i < kernel.inputs; ++i)
    text += fmt::format("  %i{0} = load i32, ptr addrspace(1) %p.i{0}\n", i);
  text += kernel.body;
  for (uint32_t i = 0; i < kernel.outputs; ++i)
    text += fmt::format("  store i32 %o{0}, ptr addrspace(1) %p.o{0}\n", i);
  return text + "  ret void\n}\n";
}

std::vector<GoldenKernel> kernelsOf(std::string_view instruction,
                                    std::string_view ptxName, int sm) {
  std::vector<GoldenKernel> kernels;
  kernels.push_back({.instruction = std::string(instruction),
                     .ptxName = std::string(ptxName),
                     .sm = sm});
  for (const emulator::AsmForm &form : emulator::asmForms())
    if (form.instruction == instruction)
      kernels.push_back({.instruction = std::string(instruction),
                         .isAsm = true,
                         .form = &form,
                         .ptxName = std::string(form.opcode),
                         .sm = sm});
  return kernels;
}

//===----------------------------------------------------------------------===//
// All of them
//===----------------------------------------------------------------------===//

std::vector<GoldenKernel> goldenKernels(uint64_t seed) {
  std::vector<GoldenKernel> all;
  for (auto *family : {barrierKernels, conversionKernels, copyKernels,
                       floatKernels, integerKernels, matrixCopyKernels,
                       productKernels, registerKernels, warpKernels}) {
    std::vector<GoldenKernel> kernels = family(seed);
    std::move(kernels.begin(), kernels.end(), std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(), [](const auto &a, const auto &b) {
    return a.instruction < b.instruction;
  });
  return all;
}

static constexpr Exclusion kExclusions[] = {
    {"nanosleep", "gives nothing, and for how long it sleeps is open"},
    {"read.ptx.sreg.nwarpid", "is the most warps of a processor, not of the "
                              "block"},
    {"read.ptx.sreg.total_smem_size", "is rounded up to what a processor "
                                      "allots"},
    {"read.ptx.sreg.warpid", "may change while the thread runs"},
};

std::span<const Exclusion> exclusions() { return kExclusions; }

} // namespace attnjit::golden
