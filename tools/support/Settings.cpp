//===- Settings.cpp - Values given to a mod by name -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Settings.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <set>

using namespace attnjit;
using namespace attnjit::tool;

Expected<Setting> Setting::parse(std::string_view text) {
  size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return fail(
        ErrorKind::InvalidArgument,
        fmt::format("`{}`; it should be NAME=VALUE or NAME=FILE.npy", text));
  return Setting{std::string(text.substr(0, equals)),
                 std::string(text.substr(equals + 1))};
}

Expected<void> tool::checkUnique(const std::vector<Setting> &settings) {
  std::set<std::string_view> names;
  for (const Setting &setting : settings)
    if (!names.insert(setting.name).second)
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("`{}` is set twice", setting.name));
  return {};
}

static std::optional<float> parseFloat(std::string_view text) {
  float value = 0;
  auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

/// Hexadecimal numbers are bit patterns, as in the language.
static std::optional<int32_t> parseI32(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  int64_t value = 0;
  const char *begin = text.data() + (hexadecimal ? 2 : 0);
  const char *end = text.data() + text.size();
  // "0x-1" is no number.
  if (hexadecimal && (begin == end || *begin == '-'))
    return std::nullopt;
  auto [stop, code] = std::from_chars(begin, end, value, hexadecimal ? 16 : 10);
  const int64_t highest = hexadecimal ? 0xffff'ffff : 0x7fff'ffff;
  if (code != std::errc() || stop != end || value > highest ||
      value < -0x8000'0000ll)
    return std::nullopt;
  return static_cast<int32_t>(value);
}

Expected<Scalar> tool::parseScalar(const Setting &setting, Type type) {
  const std::string &text = setting.value;
  switch (type) {
  case Type::F32:
    if (std::optional<float> value = parseFloat(text))
      return Scalar::f32(*value);
    break;
  case Type::I32:
    if (std::optional<int32_t> value = parseI32(text))
      return Scalar::i32(*value);
    break;
  case Type::Bool:
    if (text == "true" || text == "false")
      return Scalar::boolean(text == "true");
    break;
  case Type::I64:
    break;
  }
  std::string_view wanted = type == Type::F32   ? "a number"
                            : type == Type::I32 ? "an integer of 32 bits"
                                                : "true or false";
  return fail(ErrorKind::InvalidArgument,
              fmt::format("`{}` is set to `{}`; it is declared as {}, so it "
                          "should be {}",
                          setting.name, text, name(type), wanted));
}
