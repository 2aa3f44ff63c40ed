//===- EngineErrorTest.cpp - What an engine refuses, and lifetimes --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include <fstream>
#include <optional>
#include <thread>

using namespace attnjit;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class EngineErrorTest : public EngineTesting {
protected:
  /// The error of a compilation, of that kind; and again, since a failure is
  /// not kept as an answer.
  std::string errorOf(std::string_view text, const AttentionSpec &spec,
                      ErrorKind kind) {
    Engine engine = make();
    ModProgram mod = parseText(text);
    std::string message;
    for (int i = 0; i < 2; ++i) {
      CompileReport report;
      auto kernel = engine.compile(mod, spec, &report);
      if (kernel) {
        ADD_FAILURE() << "compiled";
        return {};
      }
      EXPECT_EQ(kernel.error().kind(), kind) << kernel.error().message();
      EXPECT_EQ(report.source, CacheSource::Compiled);
      message = kernel.error().message();
    }
    EXPECT_THAT(engine.diskCache()->list(), IsEmpty());
    auto emitted = Engine::emit(mod, spec, TargetSpec(), Stage::Obj);
    if (emitted)
      ADD_FAILURE() << "emitted";
    else
      EXPECT_EQ(emitted.error().message(), message);
    return message;
  }
};

TEST_F(EngineErrorTest, SpecsOutOfRange) {
  for (int64_t D : {int64_t(0), int64_t(-1), int64_t(513), INT64_MAX}) {
    std::string size = std::to_string(D);
    EXPECT_THAT(
        errorOf(kCausal, AttentionSpec::of(D), ErrorKind::InvalidArgument),
        testing::AllOf(HasSubstr("`D`"), HasSubstr(size)));
    AttentionSpec spec = AttentionSpec::of(64);
    spec.Dv = D;
    EXPECT_THAT(errorOf(kCausal, spec, ErrorKind::InvalidArgument),
                testing::AllOf(HasSubstr("`Dv`"), HasSubstr(size)));
  }
  for (DType dtype : {DType::I32, DType::Bool, static_cast<DType>(77)})
    EXPECT_THAT(errorOf(kCausal, AttentionSpec::of(64, dtype),
                        ErrorKind::InvalidArgument),
                HasSubstr("`dtype`"));
}

// The first fails for all that wait; the next request starts afresh.
TEST_F(EngineErrorTest, ThreadsThatWaitForAFailureFailToo) {
  // A directory below a file cannot be made.
  std::ofstream(scratch / "file") << "no directory";
  EngineOptions failing = options();
  failing.dumpDirectory = scratch / "file" / "dump";
  Engine engine = make(failing);
  ModProgram mod = parseText(kCausal);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      auto kernel = engine.compile(mod, AttentionSpec::of(16));
      ASSERT_FALSE(kernel);
      EXPECT_EQ(kernel.error().kind(), ErrorKind::Environment);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(EngineErrorTest, AKernelOutlivesItsEngine) {
  ModProgram mod = parseText(kCausal);
  std::optional<Kernel> kernel;
  {
    Engine engine = make();
    Engine moved = std::move(engine);
    kernel = *moved.compile(mod, AttentionSpec::of(16));
  }
  Kernel copy = *kernel;
  kernel.reset();
  EXPECT_TRUE(SmallProblem().passes(copy, mod));
}

TEST_F(EngineErrorTest, AnUnwritableDumpDirectoryIsAnError) {
  EngineOptions dumping = options();
  // Not by permissions: tests may run as root.
  std::ofstream(scratch / "file") << "in the way";
  dumping.dumpDirectory = scratch / "file";
  Engine engine = make(std::move(dumping));
  for (int i = 0; i < 2; ++i) {
    auto kernel = engine.compile(parseText(kCausal), AttentionSpec::of(16));
    ASSERT_FALSE(kernel);
    EXPECT_EQ(kernel.error().kind(), ErrorKind::Environment);
    EXPECT_THAT(kernel.error().message(),
                HasSubstr((scratch / "file").string()));
  }
  EXPECT_THAT(engine.diskCache()->list(), IsEmpty());
}

} // namespace
