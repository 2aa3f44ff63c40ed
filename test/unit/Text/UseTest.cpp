//===- UseTest.cpp - Tests of mods that use other mods --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextTesting.h"

#include <gmock/gmock.h>

using namespace attnjit;
using namespace attnjit::test;
using testing::ElementsAre;
using testing::HasSubstr;

static ParseOptions library() {
  return useFrom({{"window", "const width : i32 = 8\n"
                             "mask = q - kv < width\n"},
                  {"alibi", "buffer slopes : f32[Hq]\n"
                            "score = score - slopes[h] * (q - kv)\n"},
                  {"both", "use window(width = 16)\nuse alibi\n"},
                  {"gate", "param on : bool = true\n"
                           "prob = prob * f32(on)\n"
                           "sink = 1.0\n"},
                  {"plain", "normalize = none\nscore = score * score\n"}});
}

TEST(Use, ComposesAsIfWrittenHere) {
  EXPECT_EQ(
      parse("score = score * 2\nmask = q > 1\nuse both\nuse gate\n", library()),
      parse("param on : bool = true\n"
            "buffer slopes : f32[Hq]\n"
            "score = score * 2\n"
            "score = score - slopes[h] * (q - kv)\n"
            "mask = q > 1\n"
            "mask = q - kv < 16\n"
            "prob = prob * f32(on)\n"
            "sink = 1.0"));
  EXPECT_EQ(parse("use plain", library()).normalize(), Normalize::None);
}

TEST(Use, ConstantsOfTheUsedModAreGiven) {
  EXPECT_EQ(parse("const n : i32 = 3\nuse window(width = n * 2)", library()),
            parse("mask = q - kv < 6"));
}

TEST(Use, AsBringsTheNamesAlone) {
  EXPECT_EQ(parse("use window as A\nuse alibi as B2", library()),
            parse("buffer slopes : f32[Hq]"));
  EXPECT_EQ(parse("use window as A\nmask = not A.mask", library()),
            parse("mask = not q - kv < 8"));
}

TEST(Use, MembersTakePositions) {
  EXPECT_EQ(parse("use window as A\n"
                  "buffer doc : i32[Skv]\n"
                  "mask = A.mask(q = kv, kv = q + doc[q])",
                  library()),
            parse("buffer doc : i32[Skv]\nmask = kv - (q + doc[q]) < 8"));
  EXPECT_EQ(parse("use alibi as A\n"
                  "score = score * 2\n"
                  "score = A.score(score = score + 1, q = q // 2, h = 0)",
                  library()),
            parse("buffer slopes : f32[Hq]\n"
                  "score = score * 2 + 1 - slopes[0] * (q // 2 - kv)"));
  EXPECT_EQ(
      parse("use alibi as A\nscore = score * 2\nscore = A.score", library()),
      parse("buffer slopes : f32[Hq]\n"
            "score = score * 2 - slopes[h] * (q - kv)"))
      << "without an argument it is the score at that line";
}

TEST(Use, AbsentHooksLeaveThingsAsTheyAre) {
  EXPECT_EQ(parse("use alibi as A\nmask = A.mask and q > 1", library()),
            parse("buffer slopes : f32[Hq]\nmask = true and q > 1"));
  EXPECT_EQ(
      parse("use window as A\nscore = A.score(score = score + 1)", library()),
      parse("score = score + 1"));
}

TEST(Use, EqualCapturesAreShared) {
  ModProgram mod = parse("buffer slopes : f32[Hq]\n"
                         "use alibi\nuse alibi as A\n"
                         "score = score + slopes[0]\n",
                         library());
  EXPECT_EQ(mod.buffers().size(), 1u);
  parse("use alibi\nbuffer slopes : f32[Hq]", library());
}

TEST(Use, OtherDeclarationsOfANameClash) {
  EXPECT_THAT(kindsOf("buffer slopes : f32[Hkv]\nuse alibi", library()),
              ElementsAre("CaptureClash"));
  EXPECT_THAT(kindsOf("let slopes = 1\nuse alibi", library()),
              ElementsAre("CaptureClash"));
  EXPECT_THAT(kindsOf("use alibi\nparam slopes : f32", library()),
              ElementsAre("CaptureClash"));
  EXPECT_THAT(kindsOf("buffer slopes : f32[Hq]\nbuffer slopes : f32[Hq]"),
              ElementsAre("DuplicateName"));
}

TEST(Use, DeclarationsOfTheUsedModStayItsOwn) {
  ParseOptions options = useFrom({{"a", "let x = q - kv\n"
                                        "def f(y : i32) = y * x\n"
                                        "const c : i32 = 2\n"
                                        "mask = f(c) > 0"}});
  EXPECT_EQ(parse("let x = 1\nconst c : i32 = x\nuse a", options),
            parse("mask = 2 * (q - kv) > 0"));
}

TEST(Use, PathsAndNamesAreToldApart) {
  std::vector<std::pair<std::string, bool>> asked;
  ParseOptions options;
  options.resolve = [&](std::string_view name,
                        bool isPath) -> Expected<ResolvedMod> {
    asked.emplace_back(name, isPath);
    return ResolvedMod{std::string(name), ""};
  };
  parse("use causal\nuse \"sub/a.b..mod\"\nuse \"./x\"", options);
  EXPECT_THAT(asked, ElementsAre(std::pair("causal", false),
                                 std::pair("sub/a.b..mod", true),
                                 std::pair("./x", true)));
  asked.clear();
  for (const char *path :
       {"/a", "..", "a/..", "../a", "a/../b", "C:a", "a\\b", "", "a/.."})
    EXPECT_THAT(kindsOf(std::string("use \"") + path + "\"", options),
                ElementsAre("UsePathRefused"))
        << path;
  EXPECT_TRUE(asked.empty()) << "refused paths must not reach the resolver";
}

TEST(Use, CyclesAndChainsEnd) {
  ParseOptions loop = useFrom({{"a", "use c"}, {"c", "use a"}});
  EXPECT_THAT(kindsOf("use a", loop), ElementsAre("UseCycle"));

  ParseOptions endless;
  int calls = 0;
  endless.resolve = [&](std::string_view, bool) -> Expected<ResolvedMod> {
    // Two uses in each file: without a bound on their number, 2^16 files.
    return ResolvedMod{std::to_string(++calls), "use x\nuse x\n"};
  };
  EXPECT_THAT(kindsOf("use x", endless), ElementsAre("UseTooDeep"));
  EXPECT_LE(calls, 64);
}

TEST(Use, ErrorsOfTheUsedModStandAtItsUse) {
  ParseOptions options = useFrom({{"bad", "mask = q > 1\nmask = qq\n"}});
  std::string text = "use bad\nmask = name_that_bad_might_declare > 1\n";
  ParseResult result = parseMod(text, options);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_THAT(result.diagnostics[0].message, HasSubstr("bad:2:8: `qq`"));
}
