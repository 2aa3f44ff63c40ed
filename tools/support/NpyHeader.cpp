//===- NpyHeader.cpp - The header of a .npy file --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the text of a header, a Python dictionary such as
//   {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
// gives its three entries. Accepts what Python's own parser would, as far as
// the three kinds of values go.
//
//===----------------------------------------------------------------------===//

#include "support/Npy.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

using namespace attnjit;
using namespace attnjit::tool;

static tl::unexpected<Error> badHeader(std::string message) {
  return fail(ErrorKind::InvalidArgument, "header: " + std::move(message));
}

namespace {

/// Reads the pieces of a dictionary off the front of a text.
class HeaderReader {
public:
  explicit HeaderReader(std::string_view text) : text(text) {}

  Expected<NpyHeader> read();

private:
  /// Takes the character where it comes next.
  bool take(char wanted);
  Expected<void> expect(char wanted);
  Expected<std::string> string();
  Expected<bool> boolean();
  Expected<int64_t> size();
  Expected<std::vector<int64_t>> tuple();
  Expected<void> entry(NpyHeader &header);
  void skipSpace();
  std::string found() const;

  std::string_view text;
  bool hasDescr = false, hasOrder = false, hasShape = false;
};

} // namespace

void HeaderReader::skipSpace() {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

std::string HeaderReader::found() const {
  if (text.empty())
    return "its end";
  unsigned char next = static_cast<unsigned char>(text.front());
  return next >= 0x20 && next < 0x7f ? fmt::format("`{}`", text.front())
                                     : fmt::format("byte 0x{:02x}", next);
}

bool HeaderReader::take(char wanted) {
  skipSpace();
  if (text.empty() || text.front() != wanted)
    return false;
  text.remove_prefix(1);
  return true;
}

Expected<void> HeaderReader::expect(char wanted) {
  if (take(wanted))
    return {};
  return badHeader(fmt::format("found {}; it should be `{}`", found(), wanted));
}

Expected<std::string> HeaderReader::string() {
  skipSpace();
  if (text.empty() || (text.front() != '\'' && text.front() != '"'))
    return badHeader(fmt::format("found {}; it should be a string", found()));
  size_t end = text.find(text.front(), 1);
  if (end == std::string_view::npos)
    return badHeader("a string has no end");
  std::string value(text.substr(1, end - 1));
  text.remove_prefix(end + 1);
  return value;
}

Expected<bool> HeaderReader::boolean() {
  skipSpace();
  for (auto [word, value] : {std::pair{"True", true}, {"False", false}})
    if (text.starts_with(word)) {
      text.remove_prefix(std::string_view(word).size());
      return value;
    }
  return badHeader(fmt::format(
      "found {}; `fortran_order` should be True or False", found()));
}

Expected<int64_t> HeaderReader::size() {
  skipSpace();
  if (text.starts_with('-'))
    return badHeader("`shape` has a negative size");
  int64_t value = 0;
  auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc::result_out_of_range)
    return badHeader("`shape` has a size of 2^63 or more");
  if (code != std::errc())
    return badHeader(
        fmt::format("found {}; `shape` should be a tuple of sizes", found()));
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  // Python 2 wrote long integers so.
  if (text.starts_with('L'))
    text.remove_prefix(1);
  return value;
}

Expected<std::vector<int64_t>> HeaderReader::tuple() {
  if (Expected<void> ok = expect('('); !ok)
    return fail(ok.error());
  std::vector<int64_t> sizes;
  while (!take(')')) {
    Expected<int64_t> next = size();
    if (!next)
      return fail(next.error());
    sizes.push_back(*next);
    if (sizes.size() > static_cast<size_t>(kMaxRank))
      return badHeader(fmt::format("`shape` has more than {} axes", kMaxRank));
    if (take(','))
      continue;
    if (Expected<void> ok = expect(')'); !ok)
      return fail(ok.error());
    // `(3)` is a number in parentheses, not a tuple.
    if (sizes.size() == 1)
      return badHeader("`shape` is a number; it should be a tuple");
    break;
  }
  return sizes;
}

/// `'key': value`, where the key is new.
Expected<void> HeaderReader::entry(NpyHeader &header) {
  Expected<std::string> key = string();
  if (!key)
    return fail(key.error());
  if (Expected<void> ok = expect(':'); !ok)
    return ok;
  auto store = [&](bool &has, auto value, auto &into) -> Expected<void> {
    if (!value)
      return fail(value.error());
    if (has)
      return badHeader(fmt::format("`{}` stands there twice", *key));
    has = true;
    into = std::move(*value);
    return {};
  };
  if (*key == "descr") {
    skipSpace();
    if (text.starts_with('['))
      return badHeader("elements are structures; they should be numbers");
    return store(hasDescr, string(), header.descr);
  }
  if (*key == "fortran_order")
    return store(hasOrder, boolean(), header.fortranOrder);
  if (*key == "shape")
    return store(hasShape, tuple(), header.shape);
  return badHeader("an entry that is none of `descr`, `fortran_order` and "
                   "`shape`");
}

Expected<NpyHeader> HeaderReader::read() {
  NpyHeader header;
  if (Expected<void> ok = expect('{'); !ok)
    return fail(ok.error());
  while (!take('}')) {
    if (Expected<void> ok = entry(header); !ok)
      return fail(ok.error());
    if (take(','))
      continue;
    if (Expected<void> ok = expect('}'); !ok)
      return fail(ok.error());
    break;
  }
  skipSpace();
  if (!text.empty())
    return badHeader(fmt::format("found {} behind the dictionary", found()));
  for (auto [has, key] : {std::pair{hasDescr, "descr"},
                          {hasOrder, "fortran_order"},
                          {hasShape, "shape"}})
    if (!has)
      return badHeader(fmt::format("`{}` is missing", key));
  return header;
}

Expected<NpyHeader> tool::parseNpyHeader(std::string_view text) {
  return HeaderReader(text).read();
}
