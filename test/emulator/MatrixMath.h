//===- MatrixMath.h - The product of one mma ---------------------*- C++
//-*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of f16, bf16 and tf32 are exact. Order and rounding of their sum are
// unspecified in PTX. Here they are added to the accumulator one by one, with a
// rounding to f32 each, to nearest; or all at once, as hardware does.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_MATRIXMATH_H
#define ATTNJIT_TEST_EMULATOR_MATRIXMATH_H

#include <cstdint>

namespace attnjit::emulator {

inline constexpr int kMmaRows = 16, kMmaColumns = 8, kMaxMmaDepth = 16;

struct MmaOperands {
  alignas(32) float a[kMmaRows][kMaxMmaDepth];
  alignas(32) float b[kMaxMmaDepth][kMmaColumns];
  alignas(32) float c[kMmaRows][kMmaColumns];
};

/// Whether this processor has what the functions below need: AVX2, FMA, F16C.
bool hasMatrixMath();

enum class Addition {
  Rising,  ///< by rising k, starting from C
  Falling, ///< by falling k
  CutOff,  ///< one sum, of which f32 has no room for is cut off
};

/// c += a[:, :depth] * b[:depth, :].
void multiplyAdd(MmaOperands &operands, int depth, Addition addition);

float halfToFloat(uint16_t bits);
/// To nearest even, or towards zero. NaN becomes the canonical 0x7fff.
uint16_t floatToHalf(float value, bool towardsZero = false);
float bfloatToFloat(uint16_t bits);
uint16_t floatToBfloat(float value, bool towardsZero = false);

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_MATRIXMATH_H
