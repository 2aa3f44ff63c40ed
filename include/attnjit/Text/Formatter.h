//===- Formatter.h - Canonical layout of .mod text --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a file whose syntax is right; gives it with canonical blanks: one
// between tokens where there is any, two before a comment behind a statement,
// four before a line that goes on inside brackets, no more than one empty line.
// Nothing is aligned, so that a change of one line is a change of one line.
// Words, comments, line breaks and their order are kept. Idempotent.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEXT_FORMATTER_H
#define ATTNJIT_TEXT_FORMATTER_H

#include "attnjit/Support/Diagnostics.h"

#include <string>
#include <string_view>
#include <vector>

namespace attnjit {

struct FormatResult {
  std::string text;                    ///< empty when there are diagnostics
  std::vector<Diagnostic> diagnostics; ///< syntax errors of the source
};

/// Formats one file. Only syntax is checked, not names or types.
FormatResult formatMod(std::string_view source);

} // namespace attnjit

#endif // ATTNJIT_TEXT_FORMATTER_H
