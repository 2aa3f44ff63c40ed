//===- ParseModFuzzer.cpp - Any bytes as a .mod file ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes bytes; aborts where parsing them breaks a promise: a program exactly
// where there is no diagnostic, print and parse inverse to each other, format
// idempotent and without a change of meaning. A mod that uses another one gets
// the same bytes again.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Text/Formatter.h"
#include "attnjit/Text/Parser.h"
#include "attnjit/Text/Printer.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace attnjit;

static void check(bool condition) {
  if (!condition)
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  int files = 0;
  ParseOptions options;
  options.resolve = [&](std::string_view, bool) -> Expected<ResolvedMod> {
    return ResolvedMod{std::to_string(++files % 20), std::string(text)};
  };
  ParseResult result = parseMod(text, options);
  check(result.program.has_value() == result.diagnostics.empty());
  render(result.diagnostics, "fuzz.mod", text);
  FormatResult formatted = formatMod(text);
  if (formatted.diagnostics.empty())
    check(formatMod(formatted.text).text == formatted.text);
  if (!result.program)
    return 0;
  ParseResult again = parseMod(print(*result.program));
  check(again.program && *again.program == *result.program);
  if (files == 0) {
    ParseResult ofFormatted = parseMod(formatted.text);
    check(ofFormatted.program && *ofFormatted.program == *result.program);
  }
  return 0;
}
