//===- DiagnosticList.cpp - Collecting diagnostics ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes diagnostics as they are found; gives them sorted and bounded.
//
//===----------------------------------------------------------------------===//

#include "DiagnosticList.h"

#include <algorithm>
#include <utility>

using namespace attnjit;

void DiagnosticList::add(DiagnosticKind kind, SourceSpan span,
                         std::string message, std::string hint) {
  if (list.size() > kMaxErrors)
    return;
  if (list.size() == kMaxErrors) {
    list.push_back({DiagnosticKind::TooManyErrors, span,
                    "too many errors; the rest is not reported", ""});
    return;
  }
  list.push_back({kind, span, std::move(message), std::move(hint)});
}

std::vector<Diagnostic> DiagnosticList::take() {
  auto place = [](const Diagnostic &diagnostic) {
    return std::pair(diagnostic.span.begin, diagnostic.span.end);
  };
  std::ranges::sort(list, {}, place);
  return std::exchange(list, {});
}

std::string attnjit::quote(std::string_view text) {
  constexpr size_t kMaxQuoted = 60;
  std::string quoted = "`";
  size_t length = std::min(text.size(), kMaxQuoted);
  while (length < text.size() && (text[length] & 0xC0) == 0x80)
    --length; // not inside of a code point
  quoted += text.substr(0, length);
  if (length < text.size())
    quoted += "...";
  quoted += '`';
  return quoted;
}
