//===- MatrixMath.cpp - Products and 16-bit formats -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatrixMath.h"

#include <bit>
#include <cmath>

#include <immintrin.h>

namespace attnjit::emulator {

static constexpr uint16_t kCanonicalNaN = 0x7fff;

bool hasMatrixMath() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c");
}

/// Towards 0. Of an overflow, the infinity that rounding gives.
static float cutOff(double sum) {
  const float rounded = static_cast<float>(sum);
  if (!(std::fabs(double(rounded)) > std::fabs(sum)) || std::isinf(rounded))
    return rounded;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(rounded) - 1);
}

static void multiplyAddAtOnce(MmaOperands &operands, int depth) {
  for (int row = 0; row < kMmaRows; ++row) {
    double sums[kMmaColumns];
    for (int column = 0; column < kMmaColumns; ++column)
      sums[column] = operands.c[row][column];
    for (int k = 0; k < depth; ++k)
      for (int column = 0; column < kMmaColumns; ++column)
        sums[column] += double(operands.a[row][k]) * operands.b[k][column];
    for (int column = 0; column < kMmaColumns; ++column)
      operands.c[row][column] = cutOff(sums[column]);
  }
}

__attribute__((target("avx2,fma"))) void
multiplyAdd(MmaOperands &operands, int depth, Addition addition) {
  if (addition == Addition::CutOff)
    return multiplyAddAtOnce(operands, depth);
  constexpr int kGroup = 8; // rows whose sums are in registers at a time
  for (int first = 0; first < kMmaRows; first += kGroup) {
    __m256 sums[kGroup];
    for (int i = 0; i < kGroup; ++i)
      sums[i] = _mm256_load_ps(operands.c[first + i]);
    for (int step = 0; step < depth; ++step) {
      const int k = addition == Addition::Falling ? depth - 1 - step : step;
      const __m256 b = _mm256_load_ps(operands.b[k]);
      for (int i = 0; i < kGroup; ++i)
        sums[i] = _mm256_fmadd_ps(_mm256_set1_ps(operands.a[first + i][k]), b,
                                  sums[i]);
    }
    for (int i = 0; i < kGroup; ++i)
      _mm256_store_ps(operands.c[first + i], sums[i]);
  }
}

__attribute__((target("f16c"))) float halfToFloat(uint16_t bits) {
  return _cvtsh_ss(bits);
}

__attribute__((target("f16c"))) uint16_t floatToHalf(float value,
                                                     bool towardsZero) {
  if (value != value)
    return kCanonicalNaN;
  return towardsZero ? _cvtss_sh(value, _MM_FROUND_TO_ZERO)
                     : _cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT);
}

float bfloatToFloat(uint16_t bits) {
  return std::bit_cast<float>(uint32_t(bits) << 16);
}

uint16_t floatToBfloat(float value, bool towardsZero) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return kCanonicalNaN;
  if (towardsZero)
    return bits >> 16;
  // Half a unit, less one where the even neighbour is below.
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

} // namespace attnjit::emulator
