//===- Diagnostics.h - Messages that point at source text -------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A diagnostic has a registered kind, a span of the source, a message and
// maybe a hint. Kinds stand in Diagnostics.def; each has a test case.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SUPPORT_DIAGNOSTICS_H
#define ATTNJIT_SUPPORT_DIAGNOSTICS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit {

enum class DiagnosticKind : uint16_t {
#define ATTNJIT_DIAGNOSTIC(Name) Name,
#include "attnjit/Support/Diagnostics.def"
};

/// The registered name: "UnknownName".
std::string_view name(DiagnosticKind kind);

/// Half-open range of bytes of a source text.
struct SourceSpan {
  uint32_t begin = 0, end = 0;
};

/// One thing wrong with a source text.
struct Diagnostic {
  DiagnosticKind kind;
  SourceSpan span;
  std::string message; ///< lower case, no full stop, code in backticks
  std::string hint;    ///< how to mend it; may be empty
};

/// "FILE:LINE:COLUMN: error: MESSAGE", the line, a caret under the span, and
/// the hint; lines and columns from 1, columns in code points. Control bytes
/// and invalid UTF-8 of the source are shown as escapes.
std::string render(const Diagnostic &diagnostic, std::string_view fileName,
                   std::string_view source);

/// All of them, in order of their spans, each rendered.
std::string render(const std::vector<Diagnostic> &diagnostics,
                   std::string_view fileName, std::string_view source);

} // namespace attnjit

#endif // ATTNJIT_SUPPORT_DIAGNOSTICS_H
