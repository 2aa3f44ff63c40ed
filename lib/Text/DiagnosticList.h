//===- DiagnosticList.h - Collecting diagnostics ----------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes diagnostics in the order in which the stages find them; gives them in
// the order of the source, and not more of them than a reader can use.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_DIAGNOSTICLIST_H
#define ATTNJIT_LIB_TEXT_DIAGNOSTICLIST_H

#include "attnjit/Support/Diagnostics.h"

#include <string>
#include <string_view>
#include <vector>

namespace attnjit {

/// After this many errors a file is something else than a mod.
inline constexpr size_t kMaxErrors = 1000;

class DiagnosticList {
public:
  void add(DiagnosticKind kind, SourceSpan span, std::string message,
           std::string hint = {});

  bool empty() const { return list.empty(); }
  size_t size() const { return list.size(); }

  /// Sorted by span; the list is empty afterwards.
  std::vector<Diagnostic> take();

private:
  std::vector<Diagnostic> list;
};

/// From the begin of one span to the end of the other.
inline SourceSpan join(SourceSpan first, SourceSpan last) {
  return {first.begin, last.end};
}

/// Text of the source in backticks, cut where it is very long.
std::string quote(std::string_view text);

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_DIAGNOSTICLIST_H
