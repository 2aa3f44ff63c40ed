//===- Number.cpp - Numbers as text ---------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An f32 literal is rounded once, from its decimal digits to the nearest f32.
//
//===----------------------------------------------------------------------===//

#include "Number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

using namespace attnjit;

static bool isDigits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// digits "." digits [exponent] | digits exponent
static bool isFloat(std::string_view text) {
  size_t e = std::min(text.find_first_of("eE"), text.size());
  std::string_view mantissa = text.substr(0, e), exponent = text.substr(e);
  if (!exponent.empty()) {
    exponent.remove_prefix(1);
    if (exponent.starts_with('+') || exponent.starts_with('-'))
      exponent.remove_prefix(1);
    if (!isDigits(exponent))
      return false;
  }
  size_t point = mantissa.find('.');
  if (point == std::string_view::npos)
    return e < text.size() && isDigits(mantissa);
  return isDigits(mantissa.substr(0, point)) &&
         isDigits(mantissa.substr(point + 1));
}

static std::optional<Scalar> readInteger(std::string_view digits, int base,
                                         bool isNegative) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(
      digits.data(), digits.data() + digits.size(), value, base);
  // Hexadecimal digits name the 32 bits, decimal ones the number.
  uint64_t limit =
      base == 16 ? UINT32_MAX : uint64_t{INT32_MAX} + (isNegative ? 1 : 0);
  if (error != std::errc() || value > limit)
    return std::nullopt;
  auto bits = static_cast<uint32_t>(value);
  return Scalar::i32(static_cast<int32_t>(isNegative ? 0 - bits : bits));
}

std::optional<Scalar> attnjit::readNumber(std::string_view text,
                                          SourceSpan span, bool isNegative,
                                          DiagnosticList &diagnostics) {
  bool isHex = text.starts_with("0x") || text.starts_with("0X");
  if (isHex && text.size() > 2 &&
      text.find_first_not_of("0123456789abcdefABCDEF", 2) ==
          std::string_view::npos) {
    auto value = readInteger(text.substr(2), 16, isNegative);
    if (!value)
      diagnostics.add(DiagnosticKind::NumberOutOfRange, span,
                      "the integer does not fit in 32 bits",
                      "the largest one is `0xFFFFFFFF`");
    return value;
  }
  if (isDigits(text)) {
    auto value = readInteger(text, 10, isNegative);
    if (!value)
      diagnostics.add(DiagnosticKind::NumberOutOfRange, span,
                      "the integer does not fit in i32",
                      "i32 holds -2147483648 to 2147483647");
    return value;
  }
  if (isHex || !isFloat(text)) {
    diagnostics.add(DiagnosticKind::MalformedNumber, span,
                    quote(text) + " is not a number",
                    "write an integer as `12` or `0x1F`, an f32 as `1.0` or "
                    "`1e-5`");
    return std::nullopt;
  }
  float value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) {
    diagnostics.add(DiagnosticKind::NumberOutOfRange, span,
                    "the number is outside the range of f32",
                    "write `inf` for infinity; the smallest positive f32 is "
                    "`1e-45`");
    return std::nullopt;
  }
  return Scalar::f32(isNegative ? -value : value);
}

static std::string writeF32(float value) {
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos)
    text += ".0";
  return text;
}

std::string attnjit::writeScalar(const Scalar &value) {
  switch (value.type) {
  case Type::F32:
    return writeF32(value.asF32());
  case Type::I32:
    return std::to_string(value.asI32());
  case Type::Bool:
    return value.asBool() ? "true" : "false";
  case Type::I64:
    return std::to_string(value.asI64());
  }
  return {};
}
