//===- Parser.h - From .mod text to a ModProgram --------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The grammar stands in docs/language.md. The parser recovers at statement
// ends and reports all errors of a file in one run.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEXT_PARSER_H
#define ATTNJIT_TEXT_PARSER_H

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Support/Diagnostics.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attnjit {

/// Text of a mod that another one uses, and what to call it in messages.
struct ResolvedMod {
  std::string fileName;
  std::string text;
};

struct ParseOptions {
  /// Values for `const` declarations, by name, instead of those in the file.
  /// A name that the file does not declare is an error.
  std::vector<std::pair<std::string, Scalar>> constants;
  /// Finds the mod of a `use`: a library name, or a path as written (when
  /// `isPath`). Null, or an Error: a diagnostic at the `use`.
  std::function<Expected<ResolvedMod>(std::string_view name, bool isPath)>
      resolve;
};

/// A `const` declaration of a parsed file, with the value it got.
struct ConstantInfo {
  std::string name;
  Scalar value;
};

struct ParseResult {
  /// Present exactly when `diagnostics` is empty.
  std::optional<ModProgram> program;
  std::vector<ConstantInfo> constants;
  std::vector<Diagnostic> diagnostics;
};

/// Parses and checks one file. Never fails otherwise than by diagnostics,
/// whatever bytes `source` holds.
ParseResult parseMod(std::string_view source, const ParseOptions &options = {});

} // namespace attnjit

#endif // ATTNJIT_TEXT_PARSER_H
