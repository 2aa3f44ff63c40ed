//===- Softmax.cpp - Rows of a softmax, vectorised by the compiler --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled for AVX2 with reductions that may be reordered: the plain loops
// become vector code, the exponential included.
//
//===----------------------------------------------------------------------===//

#include "Softmax.h"

#include <algorithm>
#include <bit>
#include <cmath>

using namespace attnjit;

/// exp of x <= 0 to about 1e-6 relative: 2^n times a polynomial of degree 5 in
/// what is left, in [-1/2, 1/2]. Below -87 it stays at about 1e-38.
static inline float fastExp(float x) {
  constexpr float kLog2E = 1.44269504f;
  const float scaled = std::max(x, -87.0f) * kLog2E;
  const float whole = std::nearbyint(scaled);
  const float f = scaled - whole;
  float power = 1.3276472e-3f;
  power = power * f + 9.6755413e-3f;
  power = power * f + 5.5507133e-2f;
  power = power * f + 2.4022120e-1f;
  power = power * f + 6.9314697e-1f;
  power = power * f + 1.0f;
  return power *
         std::bit_cast<float>((static_cast<int32_t>(whole) + 127) << 23);
}

float bench::exponentiateRow(float *row, int64_t length) {
  float highest = row[0];
  for (int64_t j = 1; j < length; ++j)
    highest = row[j] > highest ? row[j] : highest;
  float sum = 0;
  for (int64_t j = 0; j < length; ++j) {
    row[j] = fastExp(row[j] - highest);
    sum += row[j];
  }
  return sum;
}

void bench::scaleRow(float *row, int64_t length, float factor) {
  for (int64_t j = 0; j < length; ++j)
    row[j] *= factor;
}
