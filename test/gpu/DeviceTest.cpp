//===- DeviceTest.cpp - The GPU runtime on a GPU --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the fake driver of test/cuda can only claim: that the real one accepts
// the calls, reports errors as expected, and runs a captured graph. Skips where
// there is no GPU. Whether kernels compute the right thing, the differential
// tests ask.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Engine/Engine.h"
#include "attnjit/Reference/Reference.h"
#include "attnjit/Runtime/Cuda/DeviceTensors.h"
#include "attnjit/Runtime/Cuda/Stream.h"
#include "attnjit/Text/Parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>

using namespace attnjit;
using namespace attnjit::cuda;
using testing::HasSubstr;

namespace {

/// bf16 tensors of one run, with random contents.
struct Problem {
  explicit Problem(int64_t Sq = 300, int64_t Skv = 700) {
    std::mt19937 random(7);
    auto tensor = [&](std::vector<uint16_t> &data, int64_t heads,
                      int64_t rows) {
      data.resize(2 * heads * rows * 64);
      for (uint16_t &x : data)
        x = floatToBfloat(static_cast<float>(random() % 2001) / 1000 - 1);
      return Tensor::contiguous(data.data(), DType::BF16, {2, heads, rows, 64});
    };
    args.q = tensor(q, 4, Sq);
    args.k = tensor(k, 2, Skv);
    args.v = tensor(v, 2, Skv);
    args.out = tensor(out, 4, Sq);
    lse.resize(2 * 4 * Sq);
    args.lse = Tensor::contiguous(lse.data(), DType::F32, {2, 4, Sq});
    clear();
  }
  void clear() {
    std::fill(out.begin(), out.end(), uint16_t(0x7fc0)); // NaN
    std::fill(lse.begin(), lse.end(), -1.0f);
  }
  std::vector<uint16_t> q, k, v, out;
  std::vector<float> lse;
  RunArgs args;
};

class DeviceTest : public testing::Test {
protected:
  void SetUp() override {
    EngineOptions options;
    options.diskCache = false;
    auto made = Engine::create(std::move(options));
    ASSERT_TRUE(made) << made.error().message();
    engine.emplace(std::move(*made));
    auto target = engine->gpuTarget();
    if (!target)
      GTEST_SKIP() << "[SKIP] " << target.error().message();
    gpu = *engine->gpu();
    auto compiled =
        engine->compile(mod, AttentionSpec::of(64, DType::BF16), *target);
    ASSERT_TRUE(compiled) << compiled.error().message();
    kernel = *compiled;
  }

  void expectRight(const Problem &problem) {
    auto report = checkAgainstReference(mod, problem.args);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_TRUE(report->ok) << report->worst;
  }

  ModProgram mod = *parseMod("mask = q >= kv and q - kv < 200\n"
                             "score = 20 * tanh(score / 20)\n")
                        .program;
  std::optional<Engine> engine;
  Context::Ptr gpu;
  std::optional<Kernel> kernel;
};

/// Functions of the driver that only this test calls.
struct GraphApi {
  using Handle = void *;
  GraphApi() {
    void *library = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    auto find = [&](auto &function, const char *symbol) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
          ::dlsym(library, symbol));
    };
    find(beginCapture, "cuStreamBeginCapture_v2");
    find(endCapture, "cuStreamEndCapture");
    find(instantiate, "cuGraphInstantiateWithFlags");
    find(launch, "cuGraphLaunch");
    find(destroyExec, "cuGraphExecDestroy");
    find(destroy, "cuGraphDestroy");
  }
  explicit operator bool() const {
    return beginCapture && endCapture && instantiate && launch && destroyExec &&
           destroy;
  }
  Status (*beginCapture)(StreamHandle, int mode) = nullptr;
  Status (*endCapture)(StreamHandle, Handle *graph) = nullptr;
  Status (*instantiate)(Handle *exec, Handle graph,
                        unsigned long long flags) = nullptr;
  Status (*launch)(Handle exec, StreamHandle) = nullptr;
  Status (*destroyExec)(Handle exec) = nullptr;
  Status (*destroy)(Handle graph) = nullptr;
};

} // namespace

TEST_F(DeviceTest, RunsOnAStreamAndComesBackAtOnce) {
  Problem problem;
  auto stream = Stream::create(gpu);
  ASSERT_TRUE(stream) << stream.error().message();
  problem.args.stream = stream->handle();
  auto copy = DeviceTensors::copy(gpu, problem.args);
  ASSERT_TRUE(copy) << copy.error().message();
  auto done = kernel->run(copy->args());
  ASSERT_TRUE(done) << done.error().message();
  done = copy->copyBack();
  ASSERT_TRUE(done) << done.error().message();
  expectRight(problem);
}

TEST_F(DeviceTest, RunsOnTheDefaultStreams) {
  for (uintptr_t number : {uintptr_t(0), kLegacyStream, kPerThreadStream}) {
    Problem problem;
    problem.args.stream = reinterpret_cast<void *>(number);
    auto copy = DeviceTensors::copy(gpu, problem.args);
    ASSERT_TRUE(copy) << copy.error().message();
    ASSERT_TRUE(kernel->run(copy->args()));
    ASSERT_TRUE(copy->copyBack());
    expectRight(problem);
  }
}

// Few queries, many keys: the entry point that splits keys, where there is one.
TEST_F(DeviceTest, RunsFewQueries) {
  Problem problem(1, 20000);
  auto copy = DeviceTensors::copy(gpu, problem.args);
  ASSERT_TRUE(copy) << copy.error().message();
  for (int turn = 0; turn < 3; ++turn) {
    auto done = kernel->run(copy->args());
    ASSERT_TRUE(done) << done.error().message();
  }
  ASSERT_TRUE(copy->copyBack());
  expectRight(problem);
}

TEST_F(DeviceTest, AWarmRunIsCapturedInAGraph) {
  const GraphApi graphs;
  if (!graphs)
    GTEST_SKIP() << "[SKIP] a driver without graphs";
  for (auto [Sq, Skv] : {std::pair<int64_t, int64_t>{300, 700}, {1, 20000}}) {
    Problem problem(Sq, Skv);
    auto stream = Stream::create(gpu);
    ASSERT_TRUE(stream);
    problem.args.stream = stream->handle();
    auto copy = DeviceTensors::copy(gpu, problem.args);
    ASSERT_TRUE(copy);
    ASSERT_TRUE(kernel->run(copy->args()));
    ASSERT_TRUE(stream->synchronize());
    auto current = CurrentContext::push(*gpu);
    ASSERT_TRUE(current);
    GraphApi::Handle graph = nullptr, exec = nullptr;
    // 0: global, the strictest mode.
    ASSERT_EQ(graphs.beginCapture(stream->handle(), 0), kSuccess);
    auto done = kernel->run(copy->args());
    EXPECT_TRUE(done) << done.error().message();
    ASSERT_EQ(graphs.endCapture(stream->handle(), &graph), kSuccess);
    ASSERT_EQ(graphs.instantiate(&exec, graph, 0), kSuccess);
    for (int turn = 0; turn < 3; ++turn)
      ASSERT_EQ(graphs.launch(exec, stream->handle()), kSuccess);
    ASSERT_TRUE(copy->copyBack());
    expectRight(problem);
    graphs.destroyExec(exec);
    graphs.destroy(graph);
  }
}

TEST_F(DeviceTest, TwoStreamsAtOnceGiveWhatOneGives) {
  for (auto [Sq, Skv] : {std::pair<int64_t, int64_t>{300, 700}, {1, 20000}}) {
    Problem first(Sq, Skv), second(Sq, Skv);
    auto one = Stream::create(gpu), two = Stream::create(gpu);
    ASSERT_TRUE(one && two);
    first.args.stream = one->handle();
    second.args.stream = two->handle();
    auto firstCopy = DeviceTensors::copy(gpu, first.args),
         secondCopy = DeviceTensors::copy(gpu, second.args);
    ASSERT_TRUE(firstCopy && secondCopy);
    for (int turn = 0; turn < 20; ++turn) {
      ASSERT_TRUE(kernel->run(firstCopy->args()));
      ASSERT_TRUE(kernel->run(secondCopy->args()));
    }
    ASSERT_TRUE(firstCopy->copyBack());
    ASSERT_TRUE(secondCopy->copyBack());
    EXPECT_EQ(first.out, second.out);
    EXPECT_EQ(first.lse, second.lse);
    expectRight(first);
  }
}

TEST_F(DeviceTest, ThreadsShareAKernel) {
  std::vector<std::jthread> threads;
  std::atomic<int> failed = 0;
  std::vector<std::vector<uint16_t>> results(4);
  for (auto &result : results)
    threads.emplace_back([&] {
      Problem problem;
      auto stream = Stream::create(gpu);
      problem.args.stream = stream ? stream->handle() : nullptr;
      auto copy = DeviceTensors::copy(gpu, problem.args);
      for (int turn = 0; copy && turn < 10; ++turn)
        failed += !kernel->run(copy->args());
      failed += !copy || !copy->copyBack();
      result = problem.out;
    });
  threads.clear();
  EXPECT_EQ(failed, 0);
  for (const auto &result : results)
    EXPECT_EQ(result, results[0]);
}

TEST_F(DeviceTest, HostPointersAreRefused) {
  Problem problem;
  auto done = kernel->run(problem.args);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(done.error().message(), HasSubstr("`q` lies in host memory"));
  auto copy = DeviceTensors::copy(gpu, problem.args);
  ASSERT_TRUE(copy);
  RunArgs mixed = copy->args();
  mixed.lse = problem.args.lse;
  done = kernel->run(mixed);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("`lse` lies in host memory"));
  // The context is as good as before.
  EXPECT_TRUE(kernel->run(copy->args()));
  EXPECT_TRUE(copy->copyBack());
  expectRight(problem);
}

TEST_F(DeviceTest, MoreMemoryThanThereIsIsAnError) {
  auto memory = DeviceMemory::allocate(gpu, int64_t(1) << 50, "a test");
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().kind(), ErrorKind::Environment);
  EXPECT_THAT(memory.error().message(),
              HasSubstr("CUDA_ERROR_OUT_OF_MEMORY (2: out of memory)"));
  EXPECT_TRUE(gpu->synchronize());
}

TEST_F(DeviceTest, CompilesOnceAndLoadsFromDisk) {
  std::string directory = testing::TempDir() + "attnjit-gpu-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  directory = std::filesystem::canonical(directory);
  for (CacheSource source : {CacheSource::Compiled, CacheSource::Disk}) {
    EngineOptions options;
    options.cacheDirectory = directory;
    options.warn = [](std::string_view text) { ADD_FAILURE() << text; };
    auto other = Engine::create(std::move(options));
    ASSERT_TRUE(other);
    CompileReport report;
    auto again = other->compile(mod, AttentionSpec::of(64, DType::BF16),
                                *other->gpuTarget(), &report);
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(report.source, source);
    std::string stages;
    for (const StageTime &time : report.stages)
      stages += std::string(time.stage) + " " + std::to_string(time.ms) + "  ";
    std::printf("%.1f ms: %s\n", report.totalMs, stages.c_str());
    Problem problem;
    auto copy = DeviceTensors::copy(gpu, problem.args);
    ASSERT_TRUE(copy);
    ASSERT_TRUE(again->run(copy->args()));
    ASSERT_TRUE(copy->copyBack());
    expectRight(problem);
  }
  std::filesystem::remove_all(directory);
}

// Last, and in a process of its own: afterwards nothing works in the context.
TEST_F(DeviceTest, AFaultIsAnErrorOfTheNextCall) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto fault = [&] {
    Problem problem;
    auto copy = DeviceTensors::copy(gpu, problem.args);
    if (!copy)
      std::exit(2);
    RunArgs wild = copy->args();
    wild.lse.reset();
    // Within its memory by the first element, far outside by its strides, and
    // away from `out`, or the arguments would be refused.
    wild.v.stride[2] = int64_t(1) << 32;
    if (wild.out.data > wild.v.data)
      wild.v.stride[2] = -wild.v.stride[2];
    (void)kernel->run(wild);
    auto back = copy->copyBack();
    auto next = kernel->run(copy->args());
    const bool isNamed =
        !back && !next &&
        back.error().message().find("CUDA_ERROR_") != std::string::npos &&
        back.error().message().find("is lost") != std::string::npos;
    std::fprintf(stderr, "%s\n",
                 back ? "no error" : back.error().message().c_str());
    std::exit(isNamed ? 0 : 1);
  };
  EXPECT_EXIT(fault(), testing::ExitedWithCode(0),
              "CUDA_ERROR_ILLEGAL_ADDRESS");
}
