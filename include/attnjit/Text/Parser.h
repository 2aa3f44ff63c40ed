//===- Parser.h - From .mod text to a ModProgram ----------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the text of a file; gives the mod that it describes, or all that is
// wrong with it in one run. The grammar stands in docs/language.md.
//
// Compile-time values are computed here and are literals in the tree. A file,
// with all that it uses, is bounded in size, depth and work: no text makes the
// parser recurse without bound, or run for longer than some seconds.
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
  /// i32 converts to f32. A name that the file does not declare, or a value of
  /// another type, is an error at the begin of the file.
  std::vector<std::pair<std::string, Scalar>> constants;
  /// Finds the mod of a `use`: a library name, or a path as written (when
  /// `isPath`), which is relative and holds no `..`. Links in the file system
  /// are the resolver's to judge. Its `fileName` tells files apart: one that is
  /// being used already is a cycle. Null, or an Error: a diagnostic at the
  /// `use`.
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
/// whatever bytes `source` holds. Errors in a used mod are one diagnostic at
/// its `use`. Safe to call from any number of threads; calls the resolver from
/// the calling thread.
ParseResult parseMod(std::string_view source, const ParseOptions &options = {});

} // namespace attnjit

#endif // ATTNJIT_TEXT_PARSER_H
