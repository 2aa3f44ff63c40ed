//===- EngineCacheTest.cpp - When compiling is not needed -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

using namespace attnjit;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

namespace {

class EngineCacheTest : public EngineTesting {
protected:
  /// Compiles with a new engine, checks a run, and says where the code was
  /// from.
  CacheSource compileAnew(std::string_view text, CompileReport &report) {
    Engine engine = make();
    ModProgram mod = parseText(text);
    auto kernel = engine.compile(mod, AttentionSpec::of(16), &report);
    if (kernel)
      EXPECT_TRUE(SmallProblem().passes(*kernel, mod));
    else
      ADD_FAILURE() << kernel.error().message();
    return report.source;
  }
  CacheSource compileAnew(std::string_view text = kCausal) {
    CompileReport report;
    return compileAnew(text, report);
  }

  /// The one entry of the cache.
  DiskCache::EntryInfo entry() {
    Engine engine = make();
    std::vector<DiskCache::EntryInfo> entries = engine.diskCache()->list();
    EXPECT_THAT(entries, SizeIs(1));
    return entries.empty() ? DiskCache::EntryInfo() : entries.front();
  }
};

TEST_F(EngineCacheTest, TheSecondRequestIsMemory) {
  Engine engine = make();
  CompileReport report;
  ASSERT_TRUE(
      engine.compile(parseText(kCausal), AttentionSpec::of(16), &report));
  EXPECT_EQ(report.source, CacheSource::Compiled);
  EXPECT_THAT(stagesOf(report), Contains("frontend"));
  EXPECT_GT(report.totalMs, 0);
  ASSERT_TRUE(
      engine.compile(parseText(kCausal), AttentionSpec::of(16), &report));
  EXPECT_EQ(report.source, CacheSource::Memory);
  EXPECT_THAT(stagesOf(report), IsEmpty());
}

TEST_F(EngineCacheTest, AnotherEngineFindsItOnDiskAndCompilesNothing) {
  CompileReport report;
  EXPECT_EQ(compileAnew(), CacheSource::Compiled);
  EXPECT_EQ(compileAnew(kCausal, report), CacheSource::Disk);
  for (std::string_view stage :
       {"analyze", "context", "frontend", "lower", "convert", "translate",
        "optimize", "codegen", "store"})
    EXPECT_THAT(stagesOf(report), Not(Contains(stage)));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(EngineCacheTest, WithoutDiskNothingIsWritten) {
  EngineOptions without = options();
  without.diskCache = false;
  Engine engine = make(std::move(without));
  EXPECT_EQ(engine.diskCache(), nullptr);
  ASSERT_TRUE(engine.compile(parseText(kCausal), AttentionSpec::of(16)));
  EXPECT_FALSE(std::filesystem::exists(scratch / "cache"));
}

TEST_F(EngineCacheTest, AnUnusableDirectoryIsOneWarning) {
  std::ofstream(scratch / "cache") << "a file";
  EXPECT_EQ(compileAnew(), CacheSource::Compiled);
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0], testing::HasSubstr("no disk cache"));
  EXPECT_EQ(compileAnew(), CacheSource::Compiled);
}

// One bit at many places of the entry: header, key, object.
TEST_F(EngineCacheTest, AFlippedBitCompilesAgain) {
  EXPECT_EQ(compileAnew(), CacheSource::Compiled);
  DiskCache::EntryInfo whole = entry();
  for (int place = 0; place < 8; ++place) {
    SCOPED_TRACE(place);
    auto at = static_cast<std::streamoff>(whole.sizeBytes * place / 8 + 5);
    std::fstream file(whole.file,
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    auto byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(at);
    file.put(byte);
    file.close();
    ASSERT_TRUE(file);
    warnings.clear();
    EXPECT_EQ(compileAnew(), CacheSource::Compiled);
    EXPECT_THAT(warnings, SizeIs(1));
    // It has been written anew.
    EXPECT_EQ(compileAnew(), CacheSource::Disk);
    EXPECT_THAT(warnings, SizeIs(1));
  }
}

TEST_F(EngineCacheTest, ATruncatedEntryCompilesAgain) {
  EXPECT_EQ(compileAnew(), CacheSource::Compiled);
  DiskCache::EntryInfo whole = entry();
  for (int64_t length : {int64_t(0), int64_t(1), int64_t(40),
                         whole.sizeBytes / 2, whole.sizeBytes - 1}) {
    SCOPED_TRACE(length);
    std::filesystem::resize_file(whole.file, length);
    warnings.clear();
    EXPECT_EQ(compileAnew(), CacheSource::Compiled);
    EXPECT_THAT(warnings, SizeIs(1));
  }
}

// An entry with a right checksum that holds no object, or half of one: what a
// bug of another build might have stored.
TEST_F(EngineCacheTest, AnEntryThatDoesNotLinkCompilesAgain) {
  EXPECT_EQ(compileAnew(), CacheSource::Compiled);
  std::string key = entry().key;
  std::vector<std::byte> object;
  {
    Engine engine = make();
    object = *engine.diskCache()->load(key);
  }
  std::span<const std::byte> bytes(object);
  for (size_t length : {size_t(0), size_t(3), size_t(64), bytes.size() / 2}) {
    SCOPED_TRACE(length);
    {
      Engine engine = make();
      engine.diskCache()->store(key, bytes.first(length));
    }
    warnings.clear();
    EXPECT_EQ(compileAnew(), CacheSource::Compiled);
    EXPECT_THAT(warnings, SizeIs(1));
    EXPECT_EQ(compileAnew(), CacheSource::Disk);
  }
}

// Names and defaults are no part of code, but they are what a run goes by.
TEST_F(EngineCacheTest, ModsThatDifferInNamesShareCode) {
  constexpr std::string_view kFirst = "param window : i32 = 3\n"
                                      "buffer slope : f32[Hq]\n"
                                      "score = score * slope[h]\n"
                                      "mask = q - kv < window\n";
  constexpr std::string_view kSecond = "mod other\n"
                                       "buffer gain : f32[Hq]\n"
                                       "param width : i32 = 20\n"
                                       "let gap = q - kv\n"
                                       "mask = gap < width\n"
                                       "score = score * gain[h]\n";
  Engine engine = make();
  ModProgram first = parseText(kFirst), second = parseText(kSecond);
  CompileReport report;
  auto one = engine.compile(first, AttentionSpec::of(16), &report);
  EXPECT_EQ(report.source, CacheSource::Compiled);
  auto two = engine.compile(second, AttentionSpec::of(16), &report);
  EXPECT_EQ(report.source, CacheSource::Memory);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->signature().params[0].name, "window");
  EXPECT_EQ(two->signature().params[0].name, "width");

  std::vector<float> slopes = {0.5f, -2.0f};
  Tensor tensor = Tensor::contiguous(slopes.data(), DType::F32, {2});
  SmallProblem problem;
  problem.args.captures = {{"slope", tensor}};
  EXPECT_TRUE(problem.passes(*one, first));
  EXPECT_FALSE(two->run(problem.args)) << "it took the other mod's names";
  problem.args.captures = {{"gain", tensor}};
  EXPECT_TRUE(problem.passes(*two, second));
  problem.args.captures = {{"gain", tensor}, {"width", Scalar::i32(1)}};
  EXPECT_TRUE(problem.passes(*two, second));
}

TEST_F(EngineCacheTest, WhatCodeDependsOnIsCompiledApart) {
  Engine engine = make();
  AttentionSpec base = AttentionSpec::of(16), other = base, masked = base;
  other.Dv = 24;
  masked.maskTensor = true;
  for (const AttentionSpec &spec : {base, other, masked, AttentionSpec::of(8)})
    for (std::string_view text : {"mask = q >= kv\n", "mask = q > kv\n"}) {
      CompileReport report;
      ASSERT_TRUE(engine.compile(parseText(text), spec, &report));
      EXPECT_EQ(report.source, CacheSource::Compiled) << text << spec.keyText();
    }
}

TEST_F(EngineCacheTest, ManyThreadsCompileOneKeyOnce) {
  Engine engine = make();
  constexpr int kThreads = 16;
  std::vector<CompileReport> reports(kThreads);
  std::vector<std::optional<Kernel>> kernels(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      // Half of them by another name, which is another request for one key.
      std::string text = i % 2 ? "mod other\n" : "";
      ModProgram mod = parseText(text + std::string(kCausal));
      auto kernel = engine.compile(mod, AttentionSpec::of(16), &reports[i]);
      if (kernel)
        kernels[i] = *kernel;
    });
  for (std::thread &thread : threads)
    thread.join();
  int compiled = 0;
  for (int i = 0; i < kThreads; ++i) {
    compiled += reports[i].source == CacheSource::Compiled;
    ASSERT_TRUE(kernels[i]);
    EXPECT_TRUE(SmallProblem().passes(*kernels[i], parseText(kCausal)));
  }
  EXPECT_EQ(compiled, 1);
  EXPECT_THAT(engine.diskCache()->list(), SizeIs(1));
}

} // namespace
