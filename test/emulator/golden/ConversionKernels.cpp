//===- ConversionKernels.cpp - cvt, and instructions of integers ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenCall.h"
#include "HostileInputs.h"

namespace attnjit::golden {

namespace {

constexpr uint32_t kBlock = 128;

struct Conversion {
  std::string_view instruction, ptx;
  std::string_view result;
  int sm = 80;
};

const Conversion kConversions[] = {
    {"f2bf16.rn", "cvt.rn.bf16.f32", "bfloat"},
    {"f2bf16.rn.relu", "cvt.rn.relu.bf16.f32", "bfloat"},
    {"f2bf16.rz", "cvt.rz.bf16.f32", "bfloat"},
    {"f2f16.rn", "cvt.rn.f16.f32", "half"},
    {"f2f16.rn.relu", "cvt.rn.relu.f16.f32", "half"},
    {"f2f16.rz", "cvt.rz.f16.f32", "half"},
    {"f2h.rn", "cvt.rn.f16.f32", "i16"},
    {"f2tf32.rn", "cvt.rn.tf32.f32", "i32", 90},
    {"f2tf32.rna", "cvt.rna.tf32.f32", "i32"},
    {"f2tf32.rz", "cvt.rz.tf32.f32", "i32", 90},
    {"ff2bf16x2.rn", "cvt.rn.bf16x2.f32", "<2 x bfloat>"},
    {"ff2bf16x2.rn.relu", "cvt.rn.relu.bf16x2.f32", "<2 x bfloat>"},
    {"ff2bf16x2.rz", "cvt.rz.bf16x2.f32", "<2 x bfloat>"},
    {"ff2f16x2.rn", "cvt.rn.f16x2.f32", "<2 x half>"},
    {"ff2f16x2.rn.relu", "cvt.rn.relu.f16x2.f32", "<2 x half>"},
    {"ff2f16x2.rz", "cvt.rz.f16x2.f32", "<2 x half>"},
};

struct Integer {
  std::string_view instruction, ptx;
  int operands;
  std::string_view type;
};

const Integer kIntegers[] = {
    {"mulhi.i", "mul.hi.s32", 2, "i32"},  {"mulhi.ll", "mul.hi.s64", 2, "i64"},
    {"mulhi.ui", "mul.hi.u32", 2, "i32"}, {"mulhi.ull", "mul.hi.u64", 2, "i64"},
    {"prmt", "prmt.b32", 3, "i32"},
};

/// Threads in whole blocks, each with `words` words of `in`.
void setThreads(GoldenKernel &kernel, Words in, uint32_t words) {
  kernel.block = {kBlock, 1, 1};
  kernel.grid = {static_cast<uint32_t>(in.size()) / words / kBlock, 1, 1};
  kernel.in = std::move(in);
}

} // namespace

std::vector<GoldenKernel> conversionKernels(uint64_t seed) {
  std::vector<GoldenKernel> all;
  for (const Conversion &one : kConversions) {
    const int operands = one.instruction.starts_with("ff2") ? 2 : 1;
    for (GoldenKernel &kernel : kernelsOf(one.instruction, one.ptx, one.sm)) {
      // Of a pair, the first special values meet the second's in turn.
      setThreads(kernel, hostileFloats(1, 384 * operands, seed), operands);
      setCall(kernel,
              {.results = {std::string(one.result)},
               .operands = std::vector<std::string>(operands, "float")});
      all.push_back(std::move(kernel));
    }
  }
  return all;
}

std::vector<GoldenKernel> integerKernels(uint64_t seed) {
  std::vector<GoldenKernel> all;
  for (const Integer &one : kIntegers)
    for (GoldenKernel &kernel : kernelsOf(one.instruction, one.ptx)) {
      const int words = one.operands * (one.type == "i64" ? 2 : 1);
      setThreads(kernel, hostileIntegers(words, 512, seed), words);
      // Nibbles of a selector are of any value.
      if (one.instruction == "prmt") {
        const Words selectors = randomWords(512, seed);
        for (size_t i = 0; i < selectors.size(); ++i)
          kernel.in[3 * i + 2] = selectors[i];
      }
      setCall(kernel, {.results = {std::string(one.type)},
                       .operands = std::vector<std::string>(
                           one.operands, std::string(one.type))});
      all.push_back(std::move(kernel));
    }
  return all;
}

} // namespace attnjit::golden
