//===- DocsTest.cpp - What the pages about mods show is right -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every mod on a page parses, the list of the library is complete and in its
// words, and every C++ example stands in a function of this file that compiles.
//
//===----------------------------------------------------------------------===//

#include "SourceTree.h"

#include "attnjit/Expr/Builder.h"
#include "attnjit/Mods/Biases.h"
#include "attnjit/Mods/Documents.h"
#include "attnjit/Mods/Library.h"
#include "attnjit/Mods/Masks.h"
#include "attnjit/Mods/Scores.h"
#include "attnjit/Mods/Windows.h"
#include "attnjit/Mods/Wrappers.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

using namespace attnjit;
using namespace attnjit::dsl;
using testing::HasSubstr;

static std::string readFile(const std::string &path) {
  std::ifstream file(test::sourcePath(path));
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The blocks of that language on a page.
static std::vector<std::string> blocksOf(const std::string &page,
                                         const std::string &language) {
  const std::string opening = "\n```" + language + "\n", closing = "\n```";
  std::vector<std::string> blocks;
  for (size_t at = page.find(opening); at != std::string::npos;
       at = page.find(opening, at)) {
    at += opening.size();
    blocks.push_back(page.substr(at, page.find(closing, at) + 1 - at));
  }
  return blocks;
}

//===----------------------------------------------------------------------===//
// Mods
//===----------------------------------------------------------------------===//

TEST(Docs, ModsParse) {
  const std::map<std::string, size_t> least = {
      {"docs/language.md", 3}, {"docs/mods.md", 2}, {"docs/idioms.md", 8}};
  for (const auto &[page, count] : least) {
    SCOPED_TRACE(page);
    std::vector<std::string> blocks = blocksOf(readFile(page), "mod");
    EXPECT_GE(blocks.size(), count);
    for (const std::string &block : blocks) {
      ParseResult result = parseMod(block, withLibrary());
      EXPECT_EQ(render(result.diagnostics, page, block), "");
    }
  }
}

/// The hook of a mod that has one.
static std::string hookOf(const LibraryMod &mod) {
  ParseResult parsed = parseMod(mod.text, withLibrary());
  const ModProgram program = parsed.program.value();
  return program.score()  ? "score"
         : program.mask() ? "mask"
         : program.prob() ? "prob"
                          : "sink";
}

/// The table of a group as docs/mods.md should have it.
static std::string tableOf(std::string_view group) {
  std::string table = "\n| Name | Hook | What it does |\n|---|---|---|\n";
  for (const LibraryMod &mod : libraryMods()) {
    if (mod.group != group)
      continue;
    std::string summary;
    for (char c : mod.summary())
      summary += c == '|' ? "\\|" : std::string(1, c);
    table += "| `" + std::string(mod.name) + "` | " + hookOf(mod) + " | " +
             summary + " |\n";
  }
  return table + "\n";
}

TEST(Docs, ModsAreAllListed) {
  const std::string page = readFile("docs/mods.md");
  std::string_view last;
  for (const LibraryMod &mod : libraryMods())
    if (mod.group != last)
      EXPECT_THAT(page, HasSubstr(tableOf(last = mod.group)));
}

//===----------------------------------------------------------------------===//
// C++
//===----------------------------------------------------------------------===//

TEST(Docs, ListedModsJoin) {
  Expected<ModProgram> mod =
      ModBuilder("local_capped")
          .score(mods::softcap(30.0))
          .score(mods::alibi())
          .mask(mods::slidingWindow(512) && mods::documents())
          .build();
  ASSERT_TRUE(mod) << mod.error().message();
  EXPECT_EQ(mod->buffers().size(), 2u);
}

TEST(Docs, WrappersTakeMods) {
  MaskMod mask = mods::perDocument(mods::prefixLm(64));
  EXPECT_TRUE(ModBuilder().mask(mask).build());
}

/// Without blanks.
static std::string squeezed(const std::string &text) {
  std::string result;
  for (char c : text)
    if (c != ' ' && c != '\n')
      result += c;
  return result;
}

TEST(Docs, CppExamplesStandHere) {
  const std::string here = squeezed(readFile("test/unit/Mods/DocsTest.cpp"));
  size_t count = 0;
  for (const char *page : {"docs/mods.md", "docs/idioms.md"})
    for (const std::string &block : blocksOf(readFile(page), "cpp")) {
      EXPECT_THAT(here, HasSubstr(squeezed(block)));
      ++count;
    }
  EXPECT_GE(count, 2u);
}
