//===- EngineEmitTest.cpp - The stages of a compilation as text -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include "attnjit/Text/Printer.h"

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace attnjit;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

constexpr std::string_view kAlibi = "param window : i32 = 1024\n"
                                    "buffer slopes : f32[Hq]\n"
                                    "score = 30.0 * tanh(score / 30.0)\n"
                                    "score = score - slopes[h] * abs(q - kv)\n"
                                    "mask = q >= kv\n"
                                    "mask = q - kv < window\n";

std::string emit(std::string_view text, Stage stage,
                 const AttentionSpec &spec = AttentionSpec::of(16),
                 const TargetSpec &target = TargetSpec()) {
  auto emitted = Engine::emit(parseText(text), spec, target, stage);
  if (emitted)
    return *emitted;
  ADD_FAILURE() << emitted.error().message();
  return {};
}

TEST(EngineEmitTest, EveryStageIsWhatItsNameSays) {
  EXPECT_THAT(emit(kAlibi, Stage::Expr), HasSubstr("mask = "));
  EXPECT_THAT(emit(kAlibi, Stage::Attn), HasSubstr("attn.forward @"));
  std::string mlir = emit(kAlibi, Stage::Mlir);
  EXPECT_THAT(mlir, HasSubstr("vector.fma"));
  EXPECT_THAT(mlir, Not(HasSubstr("attn.")));
  EXPECT_THAT(emit(kAlibi, Stage::Llvm),
              HasSubstr("define void @attnjit_prefill(ptr"));
  EXPECT_THAT(emit(kAlibi, Stage::Asm), HasSubstr("vfmadd"));
  EXPECT_THAT(emit(kAlibi, Stage::Obj), StartsWith("\177ELF"));
}

TEST(EngineEmitTest, OnlyProbModsThatNeedItTakeTwoPasses) {
  for (std::string_view text :
       {std::string_view("prob = prob / 3.0 if kv < 7 else 0.0\n"),
        std::string_view("prob = 1.0 - prob\nnormalize = none\n"), kCausal})
    EXPECT_THAT(emit(text, Stage::Attn), Not(HasSubstr("two_pass"))) << text;
  EXPECT_THAT(emit("prob = 1.0 - prob\n", Stage::Attn), HasSubstr("two_pass"));
  // A hook that does nothing is none.
  EXPECT_THAT(emit("prob = prob\n", Stage::Attn), Not(HasSubstr("prob")));
}

TEST(EngineEmitTest, TheExpressionStageParsesBack) {
  for (std::string_view text :
       {kAlibi, kCausal, std::string_view(""),
        std::string_view("buffer table : i32[?, 4]\n"
                         "mask = any(t in 0..4 : table[q, t] == kv)\n"
                         "score = score * -0.0 + 1e-45\n")}) {
    std::string shown = emit(text, Stage::Expr);
    EXPECT_EQ(print(parseText(shown)), shown);
    // Canonical: as a source it is its own canonical form.
    EXPECT_EQ(emit(shown, Stage::Expr), shown);
  }
}

// What a score hides is shown where it is compiled to.
TEST(EngineEmitTest, TheExpressionStageShowsTheInferredMask) {
  std::string shown = emit("score = where(q > 3, score, -inf)\n", Stage::Expr);
  EXPECT_THAT(shown, HasSubstr("mask = "));
  EXPECT_THAT(shown, Not(HasSubstr("score = ")));
  EXPECT_EQ(print(parseText(shown)), shown);
}

// Emission is a function: the cache may rely on it, and so may a diff.
TEST(EngineEmitTest, EmissionIsDeterministic) {
  for (Stage stage : {Stage::Attn, Stage::Mlir, Stage::Llvm, Stage::Obj})
    EXPECT_EQ(emit(kAlibi, stage), emit(kAlibi, stage));
}

TEST(EngineEmitTest, PlainAttentionHasAText) {
  for (Stage stage :
       {Stage::Attn, Stage::Mlir, Stage::Llvm, Stage::Asm, Stage::Obj})
    EXPECT_FALSE(emit("", stage).empty());
}

using EngineDumpTest = EngineTesting;

TEST_F(EngineDumpTest, EveryStageIsWrittenAndIsTheEmittedOne) {
  std::filesystem::path directory = scratch / "dump" / "deep";
  EngineOptions dumping = options();
  dumping.dumpDirectory = directory;
  Engine engine = make(std::move(dumping));
  const TargetSpec target;
  auto expectDump = [&](std::string_view text, const std::string &stem) {
    CompileReport report;
    auto kernel =
        engine.compile(parseText(text), AttentionSpec::of(16), target, &report);
    ASSERT_TRUE(kernel) << kernel.error().message();
    // Dumping changes neither the code nor what is counted as a stage.
    std::vector<std::string_view> stages = stagesOf(report);
    EXPECT_EQ(std::count(stages.begin(), stages.end(), "codegen"), 1);
    auto contentOf = [&](const char *extension) {
      std::ifstream stream(directory / (stem + extension), std::ios::binary);
      EXPECT_TRUE(stream) << stem << extension;
      return std::string(std::istreambuf_iterator<char>(stream), {});
    };
    EXPECT_EQ(contentOf(".mod"), emit(text, Stage::Expr));
    EXPECT_EQ(contentOf(".attn.mlir"), emit(text, Stage::Attn));
    EXPECT_EQ(contentOf(".mlir"), emit(text, Stage::Mlir));
    EXPECT_EQ(contentOf(".ll"), emit(text, Stage::Llvm));
    EXPECT_EQ(contentOf(".s"), emit(text, Stage::Asm));
    EXPECT_EQ(contentOf(".o"), emit(text, Stage::Obj));
  };
  expectDump(kAlibi, "kernel");
  // The next compilation leaves the files of the first.
  expectDump(kCausal, "kernel-2");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}),
            12);
}

} // namespace
