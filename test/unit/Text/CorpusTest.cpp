//===- CorpusTest.cpp - The corpus of mods reads, prints and is canonical -===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextTesting.h"

#include "attnjit/Text/Formatter.h"
#include "attnjit/Text/Printer.h"

using namespace attnjit;
using namespace attnjit::test;

TEST(Corpus, IsThere) { EXPECT_GE(modFiles("corpus").size(), 15u); }

TEST(Corpus, ReadsAndPrints) {
  for (const std::filesystem::path &path : modFiles("corpus")) {
    SCOPED_TRACE(path);
    std::string text = readFile(path);
    ModProgram mod = parse(text);
    EXPECT_EQ(mod.name(), path.stem().string());
    EXPECT_FALSE(mod == ModProgram::identity());
    EXPECT_EQ(parse(print(mod)), mod);
  }
}

TEST(Corpus, IsCanonical) {
  for (const std::filesystem::path &path : modFiles("corpus"))
    EXPECT_EQ(formatMod(readFile(path)).text, readFile(path)) << path;
}

/// What a buffer holds cannot be read off its declaration.
TEST(Corpus, SaysWhatItsBuffersHold) {
  for (const std::filesystem::path &path : modFiles("corpus")) {
    std::string text = readFile(path);
    std::string head = text.substr(0, text.find("\nmod "));
    ModProgram mod = parse(text);
    for (const BufferDecl &decl : mod.buffers())
      EXPECT_NE(head.find(decl.name), std::string::npos)
          << path << ": " << decl.name;
  }
}
