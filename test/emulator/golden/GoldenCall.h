//===- GoldenCall.h - A call of an intrinsic or of inline PTX ---*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The body of most golden kernels: operands from words of the input, the call,
// its results as words.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENCALL_H
#define ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENCALL_H

#include "GoldenKernel.h"

namespace attnjit::golden {

/// The instruction with operands of LLVM types, each from the next word of the
/// input (i64: two), in the intrinsic's order.
struct Call {
  std::vector<std::string> results;
  std::vector<std::string> operands;
  /// Inline PTX: how many operands are in each pair of braces; empty: none are.
  std::vector<int> vectors = {};
};

/// Sets the kernel's inputs, outputs and body to that of the call.
void setCall(GoldenKernel &kernel, const Call &call);

/// The same where lanes of `mask` alone come to the call; the others give all
/// bits set. Word `maskWord` of each thread's input becomes the mask.
void setMaskedCall(GoldenKernel &kernel, Call call, uint32_t mask,
                   size_t maskWord);

} // namespace attnjit::golden

#endif // ATTNJIT_TEST_EMULATOR_GOLDEN_GOLDENCALL_H
