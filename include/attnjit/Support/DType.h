//===- DType.h - Element types of tensors ---------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Element types of tensors and captured buffers, and the exact conversions of
// the 16-bit floating-point types.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SUPPORT_DTYPE_H
#define ATTNJIT_SUPPORT_DTYPE_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace attnjit {

/// Element type of a tensor. Values are part of the kernel ABI: never
/// renumbered.
enum class DType : uint8_t {
  F32 = 0,
  F16 = 1,  ///< IEEE binary16
  BF16 = 2, ///< upper half of binary32
  I32 = 3,
  I64 = 4,
  U8 = 5,
  Bool = 6, ///< one byte; any non-zero byte is true
};

/// Size of one element in bytes.
constexpr int64_t sizeBytes(DType type) {
  switch (type) {
  case DType::F32:
  case DType::I32:
    return 4;
  case DType::F16:
  case DType::BF16:
    return 2;
  case DType::I64:
    return 8;
  case DType::U8:
  case DType::Bool:
    return 1;
  }
  return 0;
}

/// The name in .mod files, options and messages: "f32", "bf16", "bool", ...
std::string_view name(DType type);

/// The type of that name, or nothing.
std::optional<DType> parseDType(std::string_view text);

/// Exact value of an IEEE binary16 bit pattern.
float halfToFloat(uint16_t bits);
/// Nearest binary16, ties to even; NaN stays NaN.
uint16_t floatToHalf(float value);
/// Exact value of a bfloat16 bit pattern.
float bfloatToFloat(uint16_t bits);
/// Nearest bfloat16, ties to even; NaN stays NaN.
uint16_t floatToBfloat(float value);

} // namespace attnjit

#endif // ATTNJIT_SUPPORT_DTYPE_H
