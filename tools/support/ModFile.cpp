//===- ModFile.cpp - Mods from files --------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/ModFile.h"

#include "support/ReadFile.h"

#include "attnjit/Expr/Names.h"
#include "attnjit/Mods/Library.h"
#include "attnjit/Support/Diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <system_error>

using namespace attnjit;
using namespace attnjit::tool;

namespace fs = std::filesystem;

/// Twice what the language allows, so that the parser sees that it is too much.
static constexpr size_t kReadLimit = size_t(2) << 20;

/// The library's mod where `name` can only mean one: a plain word that is no
/// file. A directory of that name is none either.
static std::optional<Expected<ModSource>>
readFromLibrary(const std::string &name) {
  std::error_code ignored;
  if (!isIdentifier(name) ||
      (fs::exists(name, ignored) && !fs::is_directory(name, ignored)))
    return std::nullopt;
  Expected<ResolvedMod> found = resolveLibraryMod(name);
  if (!found)
    return fail(found.error().kind(),
                fmt::format("there is no file `{}`, and {}", name,
                            found.error().message()));
  return ModSource{
      std::move(found->fileName), std::move(found->text), {}, true};
}

Expected<ModSource> tool::readModSource(const std::string &name) {
  if (std::optional<Expected<ModSource>> mod = readFromLibrary(name))
    return std::move(*mod);
  Expected<std::string> text = readText(name, kReadLimit);
  if (!text)
    return fail(text.error());
  ModSource source;
  source.text = std::move(*text);
  source.displayName = name == "-" ? "<stdin>" : name;
  // Where the directory cannot be told, `use` finds nothing.
  std::error_code ignored;
  fs::path file = fs::weakly_canonical(name == "-" ? "." : name, ignored);
  source.directory = name == "-" ? file : file.parent_path();
  return source;
}

//===----------------------------------------------------------------------===//
// use
//===----------------------------------------------------------------------===//

static tl::unexpected<Error> failUse(std::string message) {
  return fail(ErrorKind::InvalidMod, std::move(message));
}

/// Whether `file` lies in `directory` or below; both canonical.
static bool isWithin(const fs::path &file, const fs::path &directory) {
  auto [end, ignored] = std::mismatch(directory.begin(), directory.end(),
                                      file.begin(), file.end());
  return end == directory.end();
}

static Expected<ResolvedMod> resolveUse(const fs::path &directory,
                                        std::string_view name, bool isPath) {
  if (!isPath) {
    Expected<ResolvedMod> found = resolveLibraryMod(name);
    // Where no name is near, a file may have been meant.
    if (!found && !found.error().message().ends_with('?'))
      return failUse(found.error().message() +
                     "; a file is used by its path in quotes");
    return found;
  }
  std::error_code code;
  fs::path file = fs::weakly_canonical(directory / name, code);
  if (code || directory.empty())
    return failUse(fmt::format("cannot read `{}`", name));
  if (!isWithin(file, directory))
    return failUse(fmt::format("`{}` lies outside of the directory of the mod "
                               "that uses it",
                               name));
  // Neither a directory nor a pipe that would be waited for.
  if (!fs::is_regular_file(file, code))
    return failUse(fmt::format("`{}` is no file in the directory of the mod "
                               "that uses it",
                               name));
  Expected<std::string> text = readText(file, kReadLimit);
  if (!text)
    return fail(text.error());
  return ResolvedMod{file.native(), std::move(*text)};
}

ParseResult
tool::parseSource(const ModSource &source,
                  std::vector<std::pair<std::string, Scalar>> constants) {
  ParseOptions options;
  options.constants = std::move(constants);
  options.resolve = [&](std::string_view name, bool isPath) {
    return resolveUse(source.directory, name, isPath);
  };
  return parseMod(source.text, options);
}

//===----------------------------------------------------------------------===//
// loadMod
//===----------------------------------------------------------------------===//

static const ConstantInfo *findConstant(const ParseResult &parsed,
                                        std::string_view name) {
  auto found = std::ranges::find(parsed.constants, name, &ConstantInfo::name);
  return found == parsed.constants.end() ? nullptr : &*found;
}

Expected<LoadedMod> tool::loadMod(const std::string &name,
                                  const std::vector<Setting> &settings) {
  if (Expected<void> ok = checkUnique(settings); !ok)
    return fail(ok.error());
  Expected<ModSource> source = readModSource(name);
  if (!source)
    return fail(source.error());
  // The first parse tells what is a constant, and of which type.
  ParseResult parsed = parseSource(*source, {});
  std::vector<std::pair<std::string, Scalar>> constants;
  std::vector<Setting> rest;
  for (const Setting &setting : settings) {
    const ConstantInfo *constant = findConstant(parsed, setting.name);
    if (!constant) {
      rest.push_back(setting);
      continue;
    }
    Expected<Scalar> value = parseScalar(setting, constant->value.type);
    if (!value)
      return fail(value.error());
    constants.emplace_back(setting.name, *value);
  }
  if (!constants.empty())
    parsed = parseSource(*source, std::move(constants));
  if (parsed.program)
    return LoadedMod{std::move(*parsed.program), std::move(rest)};
  std::fputs(
      render(parsed.diagnostics, source->displayName, source->text).c_str(),
      stderr);
  return fail(ErrorKind::InvalidMod,
              fmt::format("`{}` has {} error{}", source->displayName,
                          parsed.diagnostics.size(),
                          parsed.diagnostics.size() == 1 ? "" : "s"));
}
