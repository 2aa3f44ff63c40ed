//===- TextTesting.cpp - Helpers of the tests of Text ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextTesting.h"

#include "SourceTree.h"

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace attnjit;
using namespace attnjit::test;

std::filesystem::path test::textDirectory(std::string_view folder) {
  return sourcePath("test/Text") / folder;
}

std::string test::readFile(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> test::modFiles(std::string_view folder) {
  std::vector<std::filesystem::path> files;
  for (const auto &entry :
       std::filesystem::directory_iterator(textDirectory(folder)))
    if (entry.path().extension() == ".mod")
      files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

ParseOptions test::useFromDirectory(std::filesystem::path directory) {
  ParseOptions options;
  options.resolve = [directory](std::string_view name,
                                bool isPath) -> Expected<ResolvedMod> {
    std::string fileName(name);
    if (!isPath)
      fileName += ".mod";
    if (!std::filesystem::exists(directory / fileName))
      return fail(ErrorKind::InvalidArgument, "there is no such mod");
    return ResolvedMod{fileName, readFile(directory / fileName)};
  };
  return options;
}

ParseOptions
test::useFrom(std::vector<std::pair<std::string, std::string>> namesAndTexts) {
  ParseOptions options;
  options.resolve = [namesAndTexts](std::string_view wanted,
                                    bool) -> Expected<ResolvedMod> {
    for (const auto &[name, text] : namesAndTexts)
      if (name == wanted)
        return ResolvedMod{name, text};
    return fail(ErrorKind::InvalidArgument, "there is no such mod");
  };
  return options;
}

ModProgram test::parse(std::string_view text, const ParseOptions &options) {
  ParseResult result = parseMod(text, options);
  EXPECT_EQ(render(result.diagnostics, "test.mod", text), "");
  EXPECT_EQ(result.program.has_value(), result.diagnostics.empty());
  return result.program.value_or(ModProgram::identity());
}

std::vector<std::string> test::kindsOf(std::string_view text,
                                       const ParseOptions &options) {
  std::vector<std::string> kinds;
  for (const Diagnostic &diagnostic : parseMod(text, options).diagnostics)
    kinds.emplace_back(name(diagnostic.kind));
  return kinds;
}
