//===- ModFile.h - Mods from files ----------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds the text of a mod and of the mods that it uses, and parses them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_MODFILE_H
#define ATTNJIT_TOOLS_SUPPORT_MODFILE_H

#include "support/Settings.h"

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Text/Parser.h"

#include <filesystem>
#include <string>
#include <vector>

namespace attnjit::tool {

/// The text of a mod and where it came from.
struct ModSource {
  std::string displayName; ///< as given; "<stdin>" for "-"
  std::string text;
  /// Where `use "..."` looks: the file's directory, links resolved; for
  /// standard input the working directory. Empty for a library mod, which uses
  /// no files.
  std::filesystem::path directory;
  bool isFromLibrary = false;
};

/// Reads a file, standard input where `name` is "-", or, where there is no such
/// file, the library mod of that name. Of a file that is longer than any mod
/// may be, enough for the parser to say so.
Expected<ModSource> readModSource(const std::string &name);

/// Parses with `use` looking in the library for names, and beside `source` for
/// paths: these are relative to its directory and never leave it, also not by
/// symbolic links.
ParseResult parseSource(const ModSource &source,
                        std::vector<std::pair<std::string, Scalar>> constants);

/// A mod, and the settings that were not used up for its constants.
struct LoadedMod {
  ModProgram program;
  std::vector<Setting> settings;
};

/// Reads and parses. `settings` that name a `const` of the mod become its
/// value. Diagnostics are printed to standard error; the Error then only
/// counts them.
Expected<LoadedMod> loadMod(const std::string &name,
                            const std::vector<Setting> &settings);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_MODFILE_H
