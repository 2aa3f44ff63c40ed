//===- LibraryTest.cpp - Text, constructor and formula are one mod --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every mod of the library has a case; every case is checked for all that the
// library promises.
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"
#include "SourceTree.h"

#include "attnjit/Mods/Library.h"
#include "attnjit/Mods/Sparse.h"
#include "attnjit/Text/Formatter.h"
#include "attnjit/Text/Printer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace attnjit;
using namespace attnjit::test;
using testing::HasSubstr;
using testing::MatchesRegex;

namespace fs = std::filesystem;

static std::string readFile(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

static fs::path inRepository(const char *path) {
  return test::sourcePath(path);
}

static const std::vector<LibraryCase> &allCases() {
  static const auto *cases = [] {
    auto *all = new std::vector<LibraryCase>();
    for (auto group :
         {maskCases, windowCases, documentCases, generationCases, sparseCases,
          neighbourhoodCases, biasCases, scoreCases, weightCases, wrapperCases})
      for (const LibraryCase &mod : group())
        all->push_back(mod);
    return all;
  }();
  return *cases;
}

static ModProgram parsed(std::string_view text) {
  ParseResult result = parseMod(text, withLibrary());
  EXPECT_EQ(render(result.diagnostics, "library", text), "");
  return result.program.value_or(ModProgram::identity());
}

//===----------------------------------------------------------------------===//
// The library as a whole
//===----------------------------------------------------------------------===//

TEST(Library, HasACaseForEachMod) {
  std::set<std::string> mods, cases;
  for (const LibraryMod &mod : libraryMods())
    mods.emplace(mod.name);
  for (const LibraryCase &mod : allCases())
    cases.insert(mod.name);
  EXPECT_EQ(mods, cases);
  EXPECT_EQ(mods.size(), libraryMods().size()) << "a name stands twice";
  EXPECT_EQ(cases.size(), allCases().size()) << "a case stands twice";
}

TEST(Library, HoldsItsFiles) {
  size_t count = 0;
  for (const auto &entry :
       fs::recursive_directory_iterator(inRepository("lib/Mods/texts"))) {
    if (!entry.is_regular_file())
      continue;
    ++count;
    SCOPED_TRACE(entry.path());
    const LibraryMod *mod = findLibraryMod(entry.path().stem().string());
    ASSERT_NE(mod, nullptr);
    EXPECT_EQ(mod->text, readFile(entry.path()));
    EXPECT_EQ(mod->group, entry.path().parent_path().filename().string());
  }
  EXPECT_EQ(count, libraryMods().size());
}

TEST(Library, IsSorted) {
  EXPECT_TRUE(
      std::ranges::is_sorted(libraryMods(), {}, [](const LibraryMod &mod) {
        return std::pair(mod.group, mod.name);
      }));
}

//===----------------------------------------------------------------------===//
// Each mod
//===----------------------------------------------------------------------===//

namespace {
class Mod : public testing::TestWithParam<LibraryCase> {
protected:
  const LibraryMod &entry() const { return *findLibraryMod(GetParam().name); }
};
} // namespace

INSTANTIATE_TEST_SUITE_P(Library, Mod, testing::ValuesIn(allCases()),
                         [](const auto &info) { return info.param.name; });

template <typename Decl>
static std::vector<Decl> byName(std::vector<Decl> list) {
  std::ranges::sort(list, {}, &Decl::name);
  return list;
}

TEST_P(Mod, TextAndConstructorAreOneTree) {
  ModProgram text = parsed(entry().text);
  Expected<ModProgram> built = GetParam().mod.build();
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(canonicalize(text).keyText, canonicalize(*built).keyText);
  EXPECT_EQ(byName(text.params()), byName(built->params()));
  EXPECT_EQ(byName(text.buffers()), byName(built->buffers()));
  EXPECT_EQ(text.name(), GetParam().name);
}

TEST_P(Mod, IsWhatTheFormulaSays) {
  expectFormula(GetParam().small.value_or(GetParam().mod), GetParam().formula,
                GetParam().problem);
}

TEST_P(Mod, TextIsCanonical) {
  std::string text(entry().text);
  EXPECT_EQ(formatMod(text).text, text);
  for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = text.find('\n', begin);
    EXPECT_LE(end - begin, 80u) << text.substr(begin, end - begin);
  }
  ModProgram mod = parsed(text);
  EXPECT_EQ(parsed(print(mod)), mod);
}

TEST_P(Mod, StatesItsConvention) {
  std::string text(entry().text);
  EXPECT_THAT(text, HasSubstr("\nmod " + GetParam().name + "\n"));
  EXPECT_THAT(std::string(entry().summary()), MatchesRegex("[A-Za-z|`].*\\."));
  EXPECT_EQ(text.substr(0, 2), "# ");
  // What a buffer holds cannot be read off its declaration.
  std::string head = text.substr(0, text.find("\nmod "));
  const ModProgram mod = parsed(text);
  for (const BufferDecl &decl : mod.buffers())
    EXPECT_THAT(head, HasSubstr(decl.name));
}

/// A comment's text on one line, or a declaration's.
static std::string squeezed(const std::string &text) {
  std::string result;
  for (char c : text) {
    bool isBlank = c == ' ' || c == '\n' || c == '/';
    if (!isBlank)
      result += c;
  }
  return result;
}

TEST_P(Mod, ConstructorStatesTheSame) {
  if (entry().group == "wrappers")
    return; // an example of a wrapper, whose name is another
  std::string function;
  for (char c : GetParam().name) {
    bool isStart = !function.empty() && function.back() == '_';
    if (isStart)
      function.back() = static_cast<char>(std::toupper(c));
    else
      function += c;
  }
  for (const auto &header :
       fs::directory_iterator(inRepository("include/attnjit/Mods"))) {
    std::string text = readFile(header.path());
    size_t name = std::min(text.find(" " + function + "("),
                           text.find("\n" + function + "("));
    if (name == std::string::npos)
      continue;
    // The declaration's comment begins behind the last empty line.
    size_t comment = text.rfind("\n\n", name);
    EXPECT_EQ(squeezed(text.substr(comment, name - comment))
                  .find(squeezed(std::string(entry().summary()))),
              0u)
        << text.substr(comment, name - comment);
    return;
  }
  ADD_FAILURE() << "no header declares " << function;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

static std::string messageFor(std::string_view name) {
  Expected<ResolvedMod> found = resolveLibraryMod(name);
  return found ? "found" : found.error().message();
}

TEST(Resolve, FindsNames) {
  EXPECT_EQ(messageFor("causal"), "found");
  EXPECT_EQ(resolveLibraryMod("causal")->text, findLibraryMod("causal")->text);
}

TEST(Resolve, NamesWhatWasMeant) {
  EXPECT_EQ(messageFor("causl"),
            "there is no library mod `causl`; did you mean `causal`, "
            "`frame_causal` or `block_causal`?");
  EXPECT_THAT(messageFor("windw"), HasSubstr("`head_window`"));
  EXPECT_EQ(messageFor("window"),
            "there is no library mod `window`; did you mean `head_window`, "
            "`window_left` or `swin_windows`?");
  EXPECT_EQ(messageFor("x"), "there is no library mod `x`");
  EXPECT_EQ(messageFor(""), "there is no library mod ``");
}

TEST(Resolve, UsesLibraryModsInText) {
  EXPECT_EQ(parsed("use causal\nuse softcap(cap = 30.0)\n"),
            parsed("score = 30.0 * tanh(score / 30.0)\nmask = q >= kv\n"));
  ParseResult unknown = parseMod("use causl\n", withLibrary());
  ASSERT_EQ(unknown.diagnostics.size(), 1u);
  EXPECT_THAT(unknown.diagnostics[0].message, HasSubstr("did you mean"));
  ParseResult path = parseMod("use \"causal\"\n", withLibrary());
  EXPECT_EQ(path.diagnostics.size(), 1u);
}

//===----------------------------------------------------------------------===//
// Arguments of constructors
//===----------------------------------------------------------------------===//

TEST(Constructors, TakeTablesOfOtherSizes) {
  auto top = dsl::buffer<dsl::I32>("top", {dsl::B, dsl::Hq, dsl::any, 2});
  expectFormula(of(mods::topkBlocks(4, top)), [](const Point &p) {
    return p.id("top", {p.b, p.h, p.q / 4, 0}) == p.kv / 4 ||
           p.id("top", {p.b, p.h, p.q / 4, 1}) == p.kv / 4;
  });
}

TEST(Constructors, SayWhatCannotBeReducedOver) {
  auto top =
      dsl::buffer<dsl::I32>("top", {dsl::B, dsl::Hq, dsl::any, dsl::any});
  Expected<ModProgram> mod = of(mods::topkBlocks(4, top)).build();
  ASSERT_FALSE(mod);
  EXPECT_THAT(mod.error().message(),
              HasSubstr("axis 3 of buffer `top` has no fixed size"));
}
