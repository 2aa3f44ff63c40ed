//===- DType.cpp - Element types of tensors -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names of the element types, and the 16-bit conversions in integer
// arithmetic, so that they depend on no rounding mode and no instruction set.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/DType.h"

#include <array>
#include <bit>

using namespace attnjit;

// Indexed by DType.
static constexpr std::array<std::string_view, 7> kNames = {
    "f32", "f16", "bf16", "i32", "i64", "u8", "bool"};

std::string_view attnjit::name(DType type) {
  auto index = static_cast<size_t>(type);
  return index < kNames.size() ? kNames[index] : "unknown";
}

std::optional<DType> attnjit::parseDType(std::string_view text) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == text)
      return static_cast<DType>(i);
  return std::nullopt;
}

/// `value` / 2^shift, to nearest, ties to even; 0 < shift < 32.
static uint32_t shiftRightToEven(uint32_t value, int shift) {
  uint32_t quotient = value >> shift;
  uint32_t rest = value & ((1u << shift) - 1);
  uint32_t half = 1u << (shift - 1);
  bool up = rest > half || (rest == half && (quotient & 1));
  return quotient + up;
}

float attnjit::halfToFloat(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  uint32_t exponent = (bits >> 10) & 0x1f;
  uint32_t mantissa = bits & 0x3ff;
  if (exponent == 0x1f)
    return std::bit_cast<float>(sign | 0x7f800000 | (mantissa << 13));
  if (exponent != 0)
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) |
                                (mantissa << 13));
  float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

uint16_t attnjit::floatToHalf(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t sign = (bits >> 16) & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  uint32_t result;
  if (magnitude > 0x7f800000) {
    result = 0x7e00 | ((magnitude >> 13) & 0x3ff);
  } else if (magnitude >= 0x47800000) { // 2^16, past every finite half
    result = 0x7c00;
  } else if (magnitude >= 0x38800000) { // 2^-14, the least normal half
    // A carry out of the mantissa steps the exponent, up to infinity.
    result = shiftRightToEven(magnitude - (112u << 23), 13);
  } else {
    // In units of 2^-24, the least subnormal half; below half of it, 0.
    int shift = 126 - static_cast<int>(magnitude >> 23);
    uint32_t mantissa = (magnitude & 0x7fffff) | 0x800000;
    result = shift > 24 ? 0 : shiftRightToEven(mantissa, shift);
  }
  return static_cast<uint16_t>(sign | result);
}

float attnjit::bfloatToFloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t attnjit::floatToBfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return static_cast<uint16_t>((bits >> 16) | 0x40); // quiet: stays NaN
  uint32_t sign = bits & 0x80000000;
  return static_cast<uint16_t>((sign >> 16) |
                               shiftRightToEven(bits & 0x7fffffff, 16));
}
