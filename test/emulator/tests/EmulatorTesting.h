//===- EmulatorTesting.h - Small kernels for tests --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel around a few lines of LLVM IR: each thread has words of an input as
// `%i0`, `%i1`, ..., its index as `%tid`, shared memory as `@smem`, and gives
// words `%o0`, `%o1`, ...
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_TESTS_EMULATORTESTING_H
#define ATTNJIT_TEST_EMULATOR_TESTS_EMULATORTESTING_H

#include "Emulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit::emulator::test {

using Words = std::vector<uint32_t>;

inline uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }
inline float number(uint32_t x) { return std::bit_cast<float>(x); }

struct Case {
  std::string body;
  uint32_t inputs = 0, outputs = 0; ///< words a thread
  Words in = {};
  uint32_t threads = 32;
  uint32_t blocks = 1;
  uint32_t sharedBytes = 0;
  Options options = {};
  std::string module = {}; ///< in front of the kernel
};

/// The kernel's text.
std::string textOf(const Case &one);

/// What the threads give, block after block; `error` if the run failed.
struct Result {
  Words out;
  std::string error;
};
Result run(const Case &one);

/// As `run`, where nothing may fail.
Words outputsOf(const Case &one);

/// The message of a run that must fail, with every seed of a few.
std::string errorOf(Case one);

/// The message of a kernel that must not load.
std::string loadErrorOf(std::string_view text, std::string_view name = "k");

} // namespace attnjit::emulator::test

#endif // ATTNJIT_TEST_EMULATOR_TESTS_EMULATORTESTING_H
