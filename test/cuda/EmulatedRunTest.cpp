//===- EmulatedRunTest.cpp - Runs from end to end without a GPU -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Engine, runtime and driver as on a machine with a GPU; what the fake driver
// is asked to launch, the emulator executes. So this is where the parameter
// that the runtime packs meets the code that unpacks it.
//
//===----------------------------------------------------------------------===//

#include "Emulator.h"
#include "FakeDriver.h"

#include "attnjit/Engine/Engine.h"
#include "attnjit/Reference/Reference.h"
#include "attnjit/Runtime/Cuda/DeviceTensors.h"
#include "attnjit/Runtime/Cuda/Stream.h"
#include "attnjit/Text/Parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>

using namespace attnjit;
using namespace attnjit::test;

namespace {

struct Shape {
  int64_t B = 2, Hq = 4, Hkv = 2, Sq = 40, Skv = 70, D = 64, Dv = 64;
};

class EmulatedRun : public testing::Test {
protected:
  EmulatedRun() { fake.reset(); }
  ~EmulatedRun() override {
    EXPECT_THAT(fake.violations, testing::IsEmpty());
    EXPECT_EQ(fake.liveObjects(), 0);
    fake.reset();
  }

  /// Random bf16 elements of the given strides, all of the memory filled.
  Tensor tensor(std::array<int64_t, 4> shape,
                std::optional<std::array<int64_t, 4>> stride = {}) {
    Tensor view = Tensor::contiguous(nullptr, DType::BF16,
                                     {shape[0], shape[1], shape[2], shape[3]});
    if (stride)
      view.stride = *stride;
    int64_t elements = 1;
    for (int axis = 0; axis < 4; ++axis)
      elements += (shape[axis] - 1) * view.stride[axis];
    auto &data = memory.emplace_back(elements);
    for (uint16_t &x : data)
      x = floatToBfloat(static_cast<float>(random() % 2001) / 1000 - 1);
    view.data = data.data();
    return view;
  }

  RunArgs argsOf(const Shape &s) {
    RunArgs args;
    args.q = tensor({s.B, s.Hq, s.Sq, s.D});
    args.k = tensor({s.B, s.Hkv, s.Skv, s.D});
    args.v = tensor({s.B, s.Hkv, s.Skv, s.Dv});
    args.out = tensor({s.B, s.Hq, s.Sq, s.Dv});
    lse.assign(s.B * s.Hq * s.Sq, -7);
    args.lse = Tensor::contiguous(lse.data(), DType::F32, {s.B, s.Hq, s.Sq});
    return args;
  }

  /// Runs the mod on the emulated GPU, twice, and compares with the Reference.
  void runAndCheck(std::string_view text, const RunArgs &args,
                   AttentionSpec spec) {
    ParseResult parsed = parseMod(text);
    ASSERT_TRUE(parsed.program) << text;
    const ModProgram &mod = *parsed.program;
    auto driver = cuda::Driver::create(fakeTable());
    ASSERT_TRUE(driver);
    EngineOptions options;
    options.diskCache = false;
    options.usePtxas = false; // the fake takes no real code
    options.cudaDriver = *driver;
    auto engine = Engine::create(std::move(options));
    ASSERT_TRUE(engine);
    auto target = engine->gpuTarget();
    ASSERT_TRUE(target);
    auto kernel = engine->compile(mod, spec, *target);
    ASSERT_TRUE(kernel) << kernel.error().message();

    fake.execute = [&](const FakeLaunch &launch) {
      const Entry entry =
          launch.symbol == "attnjit_decode" ? Entry::Decode : Entry::Prefill;
      auto ir = Engine::emit(mod, spec, *target, Stage::Llvm, entry);
      EXPECT_TRUE(ir) << ir.error().message();
      return ir ? emulate(*ir, launch) : cuda::kInvalidPtx;
    };
    auto gpu = engine->gpu();
    ASSERT_TRUE(gpu);
    auto stream = cuda::Stream::create(*gpu);
    ASSERT_TRUE(stream);
    RunArgs onStream = args;
    onStream.stream = stream->handle();
    auto copy = cuda::DeviceTensors::copy(*gpu, onStream);
    ASSERT_TRUE(copy) << copy.error().message();
    for (int turn = 0; turn < 2; ++turn) {
      auto done = kernel->run(copy->args());
      ASSERT_TRUE(done) << done.error().message();
    }
    auto back = copy->copyBack();
    ASSERT_TRUE(back) << back.error().message();
    fake.execute = nullptr;
    auto report = checkAgainstReference(mod, args);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_TRUE(report->ok) << report->worstBoundRatio << ": " << report->worst;
  }

  /// All memory of the fake device is a kernel's to read and write.
  cuda::Status emulate(const std::string &ir, const FakeLaunch &launch) {
    auto machine = emulator::Emulator::load(ir, launch.symbol);
    EXPECT_TRUE(machine) << machine.error().message();
    if (!machine)
      return cuda::kInvalidPtx;
    emulator::Launch grid;
    grid.params = launch.parameter;
    grid.grid = {launch.grid[0], launch.grid[1], launch.grid[2]};
    grid.block = {launch.block[0], launch.block[1], launch.block[2]};
    grid.dynamicSharedBytes = launch.sharedBytes;
    emulator::Options options;
    options.seed = seed++;
    auto &ranges = options.memory.emplace();
    for (const auto &[address, block] : fake.blocks)
      ranges.push_back({reinterpret_cast<void *>(address), block.bytes, true,
                        "device memory"});
    auto done = machine->run(grid, options);
    EXPECT_TRUE(done) << done.error().message();
    return done ? cuda::kSuccess : cuda::kIllegalAddress;
  }

  static AttentionSpec specOf(const Shape &s) {
    return {s.D, s.Dv, DType::BF16, false, false};
  }

  FakeDriver &fake = FakeDriver::get();
  std::mt19937 random{11};
  std::deque<std::vector<uint16_t>> memory;
  std::vector<float> lse;
  uint64_t seed = 1;
};

} // namespace

TEST_F(EmulatedRun, Causal) {
  runAndCheck("mask = q >= kv\n", argsOf({}), specOf({}));
}

TEST_F(EmulatedRun, CapturedValuesAreFoundBehindTheStruct) {
  RunArgs args = argsOf({});
  std::vector<float> slopes = {0.5f, -1, 0.25f, 2};
  std::vector<int32_t> document(2 * 70);
  for (size_t i = 0; i < document.size(); ++i)
    document[i] = static_cast<int32_t>(i / 13);
  args.captures = {
      {"slope", Tensor::contiguous(slopes.data(), DType::F32, {4})},
      {"document", Tensor::contiguous(document.data(), DType::I32, {2, 70})},
      {"window", Scalar::i32(33)},
      {"gain", Scalar::f32(1.5f)},
      {"flag", Scalar::boolean(true)}};
  runAndCheck("param window : i32\nparam flag : bool\nparam gain : f32\n"
              "buffer document : i32[B, Skv]\nbuffer slope : f32[Hq]\n"
              "score = score * gain + slope[h] * (kv - q)\n"
              "mask = document[b, q] == document[b, kv] or flag\n"
              "mask = q - kv < window\n",
              args, specOf({}));
}

// Of ids that are not declared sorted, and of a mask tensor over the keys.
TEST_F(EmulatedRun, SummariesAreMadeOnTheDevice) {
  RunArgs args = argsOf({});
  std::vector<int32_t> document(2 * 70);
  for (size_t i = 0; i < document.size(); ++i)
    document[i] = static_cast<int32_t>(i / 9 * 5 % 7);
  std::vector<uint8_t> padding(2 * 70);
  for (size_t i = 0; i < padding.size(); ++i)
    padding[i] = i % 70 < 50;
  args.captures = {
      {"document", Tensor::contiguous(document.data(), DType::I32, {2, 70})}};
  args.mask = Tensor::contiguous(padding.data(), DType::Bool, {2, 1, 1, 70});
  AttentionSpec spec = specOf({});
  spec.maskTensor = true;
  runAndCheck("buffer document : i32[B, Skv]\n"
              "mask = document[b, q] == document[b, kv]\n",
              args, spec);
}

TEST_F(EmulatedRun, OffsetsAreScalarsOrLieInDeviceMemory) {
  RunArgs args = argsOf({});
  args.qOffset.scalar = 17;
  std::vector<int32_t> offsets = {-5, 30};
  args.kvOffset.perBatch = Tensor::contiguous(offsets.data(), DType::I32, {2});
  runAndCheck("mask = q >= kv\nscore = score + 0.01 * (kv - q)\n", args,
              specOf({}));
}

TEST_F(EmulatedRun, StridesAndAMaskTensor) {
  const Shape s = {
      .B = 1, .Hq = 2, .Hkv = 1, .Sq = 33, .Skv = 50, .D = 48, .Dv = 80};
  RunArgs args = argsOf(s);
  // [B, S, H, D], with room after each row.
  args.q = tensor({1, 2, 33, 48}, {{33 * 2 * 56, 56, 2 * 56, 1}});
  args.out = tensor({1, 2, 33, 80}, {{33 * 2 * 88, 88, 2 * 88, 1}});
  std::vector<uint8_t> mask(33 * 50);
  for (uint8_t &x : mask)
    x = random() % 3;
  args.mask = Tensor::contiguous(mask.data(), DType::Bool, {33, 50});
  AttentionSpec spec = specOf(s);
  spec.maskTensor = true;
  runAndCheck("score = score\n", args, spec);
}

// The entry point for few queries: two splits of the keys, merged by the block
// that arrives last; the second run finds the counters as the first left them.
TEST_F(EmulatedRun, FewQueriesAreSplitOverTheKeys) {
  const Shape s = {.B = 1, .Hq = 8, .Hkv = 2, .Sq = 1, .Skv = 1500};
  RunArgs args = argsOf(s);
  args.qOffset.scalar = 1499;
  runAndCheck("mask = q >= kv\nscore = 20 * tanh(score / 20)\n", args,
              specOf(s));
  for (const FakeLaunch &launch : fake.launches) {
    EXPECT_EQ(launch.symbol, "attnjit_decode");
    EXPECT_EQ(launch.grid[0], 2 * 2u);
  }
}
