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

/// Offers the words that stand between the `_` of a name.
static void offerWords(Suggestion &suggestion, std::string_view name) {
  for (size_t begin = 0; begin <= name.size();) {
    size_t end = std::min(name.find('_', begin), name.size());
    suggestion.offer(name.substr(begin, end - begin));
    begin = end + 1;
  }
}

/// Up to three names: the nearest one, then the shortest of those that hold the
/// nearest word.
static std::vector<std::string_view> namesNear(std::string_view unknown) {
  constexpr size_t kMost = 3;
  Suggestion whole(unknown), word(unknown);
  for (const LibraryMod &mod : kMods) {
    whole.offer(mod.name);
    offerWords(word, mod.name);
  }
  std::vector<std::string_view> names;
  for (const LibraryMod &mod : kMods)
    if (mod.name == whole.word() ||
        (!word.word().empty() &&
         mod.name.find(word.word()) != std::string_view::npos))
      names.push_back(mod.name);
  std::ranges::stable_sort(names, {}, [&](std::string_view name) {
    return name == whole.word() ? 0 : name.size();
  });
  names.resize(std::min(names.size(), kMost));
  return names;
}

/// "; did you mean `x`, `y` or `z`?", or nothing.
static std::string suggestNames(std::string_view unknown) {
  const std::vector<std::string_view> names = namesNear(unknown);
  if (names.empty())
    return "";
  std::string text = fmt::format("; did you mean `{}`", names.front());
  for (size_t i = 1; i < names.size(); ++i)
    text +=
        fmt::format("{}`{}`", i + 1 < names.size() ? ", " : " or ", names[i]);
  return text + "?";
}

Expected<ResolvedMod> attnjit::resolveLibraryMod(std::string_view name) {
  if (const LibraryMod *mod = findLibraryMod(name))
    return ResolvedMod{fmt::format("<library>/{}.mod", name),
                       std::string(mod->text)};
  return fail(
      ErrorKind::InvalidMod,
      fmt::format("there is no library mod `{}`{}", name, suggestNames(name)));
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
