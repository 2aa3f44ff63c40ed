//===- GoldenGenerator.h - From kernels to golden cases ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a kernel of one instruction; gives its PTX and what the emulator makes
// of its inputs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENGENERATOR_H
#define ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENGENERATOR_H

#include "Emulator.h"
#include "GoldenFile.h"
#include "GoldenKernel.h"

namespace attnjit::golden {

/// What its threads give in the emulator, once for each of the options, whose
/// memory is set. Errors are the emulator's.
Expected<std::vector<Words>> emulate(const GoldenKernel &kernel,
                                     std::span<const emulator::Options> runs);

/// PTX of the module for sm_`sm`, not optimised beforehand: the instruction
/// stays what it is.
Expected<std::string> ptxOf(const std::string &ir, int sm);

/// The file's cases, in the order of the kernels.
Expected<GoldenFile> makeGoldenFile(uint64_t seed);

/// What a module calls, as the emulator knows it.
struct Met {
  const emulator::Instruction *instruction = nullptr;
  const emulator::AsmForm *form = nullptr;
  bool isAsm = false;
};
Expected<std::vector<Met>> instructionsIn(const std::string &ir);

} // namespace attnjit::golden

#endif // ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENGENERATOR_H
