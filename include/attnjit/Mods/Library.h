//===- Library.h - The mods that come with attn-jit -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The library as .mod texts, held in the binary. Takes a name; gives the text,
// or what `use NAME` wants to know. The same mods as C++ functions stand in the
// other headers of this folder, in lowerCamelCase.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_LIBRARY_H
#define ATTNJIT_MODS_LIBRARY_H

#include "attnjit/Support/Error.h"
#include "attnjit/Text/Parser.h"

#include <span>
#include <string>
#include <string_view>

namespace attnjit {

/// One mod of the library. The text lives as long as the program.
struct LibraryMod {
  std::string_view name;  ///< "sliding_window"
  std::string_view group; ///< "windows"; mods of one group stand together
  std::string_view text;  ///< the .mod file, in canonical layout

  /// The first line of the text: what the mod does, and by which convention
  /// where libraries differ.
  std::string_view summary() const;
};

/// All of them, by group and name.
std::span<const LibraryMod> libraryMods();

/// The mod of that name, or null.
const LibraryMod *findLibraryMod(std::string_view name);

/// The text of `use NAME`, for `ParseOptions::resolve`. An Error of kind
/// InvalidMod names up to three mods that may have been meant.
Expected<ResolvedMod> resolveLibraryMod(std::string_view name);

/// Options under which `use NAME` finds the library, and `use "PATH"` nothing.
ParseOptions withLibrary();

} // namespace attnjit

#endif // ATTNJIT_MODS_LIBRARY_H
