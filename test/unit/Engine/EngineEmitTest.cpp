//===- EngineEmitTest.cpp - The stages of a compilation as text -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include "attnjit/Text/Printer.h"

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
                 const AttentionSpec &spec = AttentionSpec::of(16)) {
  auto emitted = Engine::emit(parseText(text), spec, TargetSpec(), stage);
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
  EngineOptions dumping = options();
  dumping.dumpDirectory = scratch / "dump" / "deep";
  Engine engine = make(std::move(dumping));
  CompileReport report;
  ModProgram mod = parseText(kAlibi);
  auto kernel = engine.compile(mod, AttentionSpec::of(16), &report);
  ASSERT_TRUE(kernel) << kernel.error().message();
  // Dumping changes neither the code nor what is counted as a stage.
  std::vector<std::string_view> stages = stagesOf(report);
  EXPECT_EQ(std::count(stages.begin(), stages.end(), "codegen"), 1);

  std::vector<std::filesystem::path> files(
      std::filesystem::recursive_directory_iterator(scratch / "dump" / "deep"),
      {});
  auto contentOf = [&](std::string_view extension) {
    for (const std::filesystem::path &file : files)
      if (file.filename().string().ends_with(extension)) {
        std::ifstream stream(file, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(stream), {});
      }
    return std::string("no such file");
  };
  EXPECT_EQ(contentOf(".mod"), emit(kAlibi, Stage::Expr));
  EXPECT_EQ(contentOf(".attn.mlir"), emit(kAlibi, Stage::Attn));
  EXPECT_EQ(contentOf("kernel.mlir"), emit(kAlibi, Stage::Mlir));
  EXPECT_EQ(contentOf(".ll"), emit(kAlibi, Stage::Llvm));
  EXPECT_EQ(contentOf(".s"), emit(kAlibi, Stage::Asm));
  EXPECT_EQ(contentOf(".o"), emit(kAlibi, Stage::Obj));
}

} // namespace
