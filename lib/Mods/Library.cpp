//===- Library.cpp - The mods that come with attn-jit ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The texts are those of the files in texts/, which EmbedTexts.cmake makes
// string literals of.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Library.h"

#include "attnjit/Support/Suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

using namespace attnjit;

static constexpr LibraryMod kMods[] = {
#include "LibraryTexts.inc"
};

std::string_view LibraryMod::summary() const {
  constexpr std::string_view kComment = "# ";
  std::string_view line = text.substr(0, text.find('\n'));
  return line.starts_with(kComment) ? line.substr(kComment.size()) : line;
}

std::span<const LibraryMod> attnjit::libraryMods() { return kMods; }

const LibraryMod *attnjit::findLibraryMod(std::string_view name) {
  auto found = std::ranges::find(kMods, name, &LibraryMod::name);
  return found == std::end(kMods) ? nullptr : found;
}

//===----------------------------------------------------------------------===//
// Names that were meant
//===----------------------------------------------------------------------===//

/// "did you mean `x`, `y` or `z`?", or nothing: the nearest spelling, then the
/// shortest names that hold the word.
static std::string suggestNames(std::string_view unknown) {
  constexpr size_t kMost = 3, kShortestPart = 3;
  std::vector<std::string_view> names;
  Suggestion nearest(unknown);
  for (const LibraryMod &mod : kMods) {
    nearest.offer(mod.name);
    if (unknown.size() >= kShortestPart &&
        mod.name.find(unknown) != std::string_view::npos)
      names.push_back(mod.name);
  }
  std::ranges::stable_sort(names, {}, &std::string_view::size);
  if (!nearest.word().empty()) {
    std::erase(names, nearest.word());
    names.insert(names.begin(), nearest.word());
  }
  names.resize(std::min(names.size(), kMost));
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += fmt::format("{}`{}`",
                        i == 0                 ? "did you mean "
                        : i + 1 < names.size() ? ", "
                                               : " or ",
                        names[i]);
  return text.empty() ? text : text + "?";
}

Expected<ResolvedMod> attnjit::resolveLibraryMod(std::string_view name) {
  if (const LibraryMod *mod = findLibraryMod(name))
    return ResolvedMod{fmt::format("<library>/{}.mod", name),
                       std::string(mod->text)};
  std::string hint = suggestNames(name);
  return fail(ErrorKind::InvalidMod,
              fmt::format("there is no library mod `{}`{}{}", name,
                          hint.empty() ? "" : "; ", hint));
}

ParseOptions attnjit::withLibrary() {
  ParseOptions options;
  options.resolve = [](std::string_view name,
                       bool isPath) -> Expected<ResolvedMod> {
    if (isPath)
      return fail(ErrorKind::InvalidMod, "no files are at hand here");
    return resolveLibraryMod(name);
  };
  return options;
}
