//===- GoldenKernel.h - A kernel of one instruction -------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A few lines of LLVM IR around one intrinsic or inline PTX text, and what its
// threads are given. They have words of the input as `%i0`, `%i1`, ..., their
// position in the block as `%tid`, shared memory as `@smem`, and give words
// `%o0`, `%o1`, ...
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENKERNEL_H
#define ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENKERNEL_H

#include "GoldenCase.h"
#include "Instruction.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit::golden {

struct GoldenKernel {
  std::string instruction; ///< the handler's name
  bool isAsm = false;      ///< reached by inline PTX, not by the intrinsic
  /// Which; null for intrinsics, and for cp.async, which has none.
  const emulator::AsmForm *form = nullptr;
  std::string inputsName = {}; ///< where an instruction has several kernels
  std::string ptxName = {};    ///< what its PTX must hold
  int sm = 80;
  std::string body = {};
  uint32_t inputs = 0, outputs = 0; ///< words of a thread
  Words in = {};
  std::array<uint32_t, 3> grid = {1, 1, 1}, block = {32, 1, 1};
  uint32_t sharedBytes = 0;
  Rule rule = {};
};

/// All of them, in the order of the instructions' names. Random inputs are
/// chosen by the seed.
std::vector<GoldenKernel> goldenKernels(uint64_t seed);

// By family.
std::vector<GoldenKernel> barrierKernels(uint64_t seed);
std::vector<GoldenKernel> conversionKernels(uint64_t seed);
std::vector<GoldenKernel> copyKernels(uint64_t seed);
std::vector<GoldenKernel> floatKernels(uint64_t seed);
std::vector<GoldenKernel> integerKernels(uint64_t seed);
std::vector<GoldenKernel> matrixCopyKernels(uint64_t seed);
std::vector<GoldenKernel> productKernels(uint64_t seed);
std::vector<GoldenKernel> registerKernels(uint64_t seed);
std::vector<GoldenKernel> warpKernels(uint64_t seed);

/// An instruction that no kernel is about.
struct Exclusion {
  std::string_view instruction, reason;
};
std::span<const Exclusion> exclusions();

/// Unique, of letters, digits and underscores.
std::string nameOf(const GoldenKernel &kernel);

/// Its case without PTX and results.
GoldenCase inputsOf(const GoldenKernel &kernel);

/// The module's text.
std::string textOf(const GoldenKernel &kernel);

/// For the intrinsic and for each form of inline PTX of that instruction, a
/// kernel with no more than that.
std::vector<GoldenKernel> kernelsOf(std::string_view instruction,
                                    std::string_view ptxName, int sm = 80);

} // namespace attnjit::golden

#endif // ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENKERNEL_H
