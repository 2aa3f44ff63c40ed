//===- Shape.cpp - Sizes of a problem, as options give them ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Shape.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <vector>

using namespace attnjit;
using namespace attnjit::tool;

template <typename Integer>
std::optional<Integer> tool::parseInteger(std::string_view text) {
  Integer value = 0;
  auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

template std::optional<int32_t> tool::parseInteger(std::string_view);
template std::optional<int64_t> tool::parseInteger(std::string_view);

static tl::unexpected<Error> badShape(std::string message) {
  return fail(ErrorKind::InvalidArgument, std::move(message));
}

static Expected<int64_t> parseSize(std::string_view key,
                                   std::string_view text) {
  std::optional<int64_t> size = parseInteger<int64_t>(text);
  if (size && *size >= 0 && *size <= std::numeric_limits<int32_t>::max())
    return *size;
  return badShape(fmt::format("`{}` is `{}`; it should be an integer from 0 to "
                              "2^31 - 1",
                              key, text));
}

static std::vector<std::string_view> splitAtCommas(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos)
      return parts;
    text.remove_prefix(comma + 1);
  }
}

namespace {
struct SizeField {
  std::string_view key;
  std::optional<int64_t> value = std::nullopt;
};
} // namespace

Expected<Shape> Shape::parse(std::string_view text,
                             std::optional<int64_t> defaultD) {
  SizeField B = {"B"}, Hq = {"Hq"}, Hkv = {"Hkv"}, Sq = {"Sq"}, Skv = {"Skv"},
            D = {"D"}, Dv = {"Dv"};
  for (std::string_view part : splitAtCommas(text)) {
    size_t equals = part.find('=');
    std::string_view key = part.substr(0, equals);
    SizeField *field = nullptr;
    for (SizeField *known : {&B, &Hq, &Hkv, &Sq, &Skv, &D, &Dv})
      if (known->key == key)
        field = known;
    if (!field || equals == std::string_view::npos)
      return badShape(fmt::format("`{}` in `{}`; it should be SIZE=N, with "
                                  "SIZE one of B, Hq, Hkv, Sq, Skv, D, Dv",
                                  part, text));
    if (field->value)
      return badShape(fmt::format("`{}` is given twice in `{}`", key, text));
    Expected<int64_t> size = parseSize(key, part.substr(equals + 1));
    if (!size)
      return fail(size.error());
    field->value = *size;
  }
  if (!D.value)
    D.value = defaultD;
  for (const SizeField *required : {&Hq, &Sq, &D})
    if (!required->value)
      return badShape(
          fmt::format("`{}` is missing in `{}`", required->key, text));
  return Shape{B.value.value_or(1),           *Hq.value,
               Hkv.value.value_or(*Hq.value), *Sq.value,
               Skv.value.value_or(*Sq.value), *D.value,
               Dv.value.value_or(*D.value)};
}

double Shape::flops(double keptFraction) const {
  return 2 * keptFraction * double(B) * double(Hq) * double(Sq) * double(Skv) *
         double(D + Dv);
}

std::string Shape::text() const {
  return fmt::format("B={},Hq={},Hkv={},Sq={},Skv={},D={},Dv={}", B, Hq, Hkv,
                     Sq, Skv, D, Dv);
}

Expected<HeadDim> HeadDim::parse(std::string_view text) {
  std::vector<std::string_view> parts = splitAtCommas(text);
  if (parts.size() > 2)
    return badShape(fmt::format("`{}`; it should be D or D,Dv", text));
  Expected<int64_t> D = parseSize("D", parts.front());
  Expected<int64_t> Dv = parseSize("Dv", parts.back());
  if (!D || !Dv)
    return fail(!D ? D.error() : Dv.error());
  return HeadDim{*D, *Dv};
}
