//===- EngineGpuTest.cpp - Tests of engines with a GPU --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On the fake driver: kernels are compiled for real, loaded and launched, and
// compute nothing.
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include "FakeDriver.h"
#include "GpuArtifact.h"
#include "Ptxas.h"

#include "attnjit/Runtime/Cuda/DeviceTensors.h"

#include <algorithm>

namespace attnjit {

using testing::HasSubstr;
using testing::SizeIs;

namespace {
class EngineGpuTest : public EngineTesting {
protected:
  EngineGpuTest() { fake.reset(); }
  ~EngineGpuTest() override {
    EXPECT_THAT(fake.violations, testing::IsEmpty());
    EXPECT_EQ(fake.liveObjects(), 0);
    fake.reset();
  }

  Engine makeOnFake() {
    auto driver = cuda::Driver::create(test::fakeTable());
    EXPECT_TRUE(driver);
    EngineOptions options = this->options();
    options.cudaDriver = driver.value_or(nullptr);
    return make(std::move(options));
  }

  static TargetSpec target(std::string_view name = "sm_90") {
    return TargetSpec::parse(name).value_or(TargetSpec());
  }
  static AttentionSpec spec() { return AttentionSpec::of(64, DType::BF16); }

  /// Compiles the causal mod in a new engine.
  CacheSource compileAnew(const TargetSpec &target) {
    Engine engine = makeOnFake();
    CompileReport report;
    auto kernel = engine.compile(parseText(kCausal), spec(), target, &report);
    EXPECT_TRUE(kernel) << kernel.error().message();
    return report.source;
  }

  /// What is stored of the only entry.
  GpuArtifact stored() {
    Engine engine = make();
    auto entries = engine.diskCache()->list();
    EXPECT_THAT(entries, SizeIs(1));
    auto bytes = engine.diskCache()->load(entries.at(0).key);
    EXPECT_TRUE(bytes);
    auto artifact = GpuArtifact::fromBytes(
        {reinterpret_cast<const char *>(bytes->data()), bytes->size()});
    EXPECT_TRUE(artifact);
    return artifact.value_or(GpuArtifact());
  }

  /// Puts it in place of the only entry.
  void store(const GpuArtifact &artifact) {
    Engine engine = make();
    const std::string bytes = artifact.toBytes();
    engine.diskCache()->store(engine.diskCache()->list().at(0).key,
                              std::as_bytes(std::span(bytes)));
  }

  test::FakeDriver &fake = test::FakeDriver::get();
};

/// bf16 tensors for one run, of two batch entries.
struct GpuProblem {
  GpuProblem() {
    auto tensor = [](std::vector<uint16_t> &data, int64_t heads, int64_t rows) {
      data.assign(2 * heads * rows * 64, 0);
      return Tensor::contiguous(data.data(), DType::BF16, {2, heads, rows, 64});
    };
    args.q = tensor(q, 4, 300);
    args.k = tensor(k, 2, 200);
    args.v = tensor(v, 2, 200);
    args.out = tensor(out, 4, 300);
  }
  std::vector<uint16_t> q, k, v, out;
  RunArgs args;
};

} // namespace

TEST_F(EngineGpuTest, PicksTheTargetOfItsGpu) {
  EXPECT_EQ(makeOnFake().gpuTarget()->name(), "sm_90");
  fake.devices[0].major = 8;
  fake.devices[0].minor = 9;
  EXPECT_EQ(makeOnFake().gpuTarget()->name(), "sm_89");
  fake.devices[0].major = 7;
  auto old = makeOnFake().gpuTarget();
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().kind(), ErrorKind::Unsupported);
  EXPECT_THAT(old.error().message(), testing::StartsWith("cuda:0 (Fake H100"));
  fake.devices.clear();
  EXPECT_THAT(makeOnFake().gpuTarget().error().message(), HasSubstr("no GPU"));
}

// The numbers of the launch come from the schedule, the size of the parameter
// from the generator: the fake copies as many bytes as the PTX declares.
TEST_F(EngineGpuTest, RunsWhatItCompiles) {
  Engine engine = makeOnFake();
  ModProgram mod = parseText("param window : i32\n"
                             "buffer slope : f32[Hq]\n"
                             "score = score * slope[h]\n"
                             "mask = q - kv < window\n");
  auto kernel = engine.compile(mod, spec(), target());
  ASSERT_TRUE(kernel) << kernel.error().message();
  GpuProblem problem;
  std::vector<float> slopes(4, 1);
  problem.args.captures = {
      {"slope", Tensor::contiguous(slopes.data(), DType::F32, {4})},
      {"window", Scalar::i32(17)}};
  auto gpu = engine.gpu();
  ASSERT_TRUE(gpu);
  auto copy = cuda::DeviceTensors::copy(*gpu, problem.args);
  ASSERT_TRUE(copy);
  Expected<void> done = kernel->run(copy->args());
  ASSERT_TRUE(done) << done.error().message();
  ASSERT_EQ(fake.launches.size(), 1u);
  const test::FakeLaunch &launch = fake.launches[0];
  EXPECT_EQ(launch.symbol, "attnjit_prefill");
  EXPECT_THAT(launch.image, HasSubstr(".target sm_90"));
  EXPECT_EQ(launch.parameter.size(),
            sizeof(AttnJitKernelArgs) + sizeof(AttnJitBuffer) + 8);
  uint64_t window;
  std::memcpy(&window, &launch.parameter.back() - 7, sizeof(window));
  EXPECT_EQ(window, 17u);
  EXPECT_EQ(launch.block[0] % 32, 0u);
  EXPECT_GE(launch.grid[0], 2 * 4u);
}

// The cubin of ptxas is real code, which the fake does not take: it stands for
// one that is newer than the driver.
TEST_F(EngineGpuTest, ACubinThatTheDriverDoesNotTakeIsLeftAlone) {
  EXPECT_EQ(compileAnew(target()), CacheSource::Compiled);
  const GpuArtifact artifact = stored();
  EXPECT_THAT(artifact.ptx, HasSubstr(".entry attnjit_prefill("));
  EXPECT_EQ(artifact.sm, findPtxas() ? "sm_90" : "");
  EXPECT_EQ(compileAnew(target()), CacheSource::Disk);
  EXPECT_EQ(fake.countOf("cuModuleLoadDataEx"), findPtxas() ? 4 : 2);
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST_F(EngineGpuTest, ACubinForTheDeviceIsLoadedInsteadOfPtx) {
  EXPECT_EQ(compileAnew(target()), CacheSource::Compiled);
  GpuArtifact artifact = stored();
  artifact.sm = "sm_90";
  artifact.cubin = test::fakeCubin(artifact.ptx, "90");
  store(artifact);
  fake.reset();
  EXPECT_EQ(compileAnew(target()), CacheSource::Disk);
  EXPECT_EQ(fake.countOf("cuModuleLoadDataEx"), 1);
  // For a device with code of its own it is made anew, or left out.
  artifact.sm = "sm_80";
  artifact.cubin = test::fakeCubin(artifact.ptx, "80");
  store(artifact);
  EXPECT_EQ(compileAnew(target()), CacheSource::Disk);
  EXPECT_EQ(stored().sm, findPtxas() ? "sm_90" : "sm_80");
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST_F(EngineGpuTest, AnEntryThatHoldsNoKernelCompilesAgain) {
  EXPECT_EQ(compileAnew(target()), CacheSource::Compiled);
  store({.ptx = "", .sm = "", .cubin = ""});
  EXPECT_EQ(compileAnew(target()), CacheSource::Compiled);
  EXPECT_THAT(warnings, SizeIs(1));
  EXPECT_EQ(compileAnew(target()), CacheSource::Disk);
}

TEST_F(EngineGpuTest, CompilesWithoutAGpu) {
  fake.devices.clear();
  EXPECT_EQ(compileAnew(target()), CacheSource::Compiled);
  EXPECT_EQ(compileAnew(target()), CacheSource::Disk);
  EXPECT_EQ(stored().sm, findPtxas() ? "sm_90" : "");
  Engine engine = makeOnFake();
  auto kernel = engine.compile(parseText(kCausal), spec(), target());
  ASSERT_TRUE(kernel);
  GpuProblem problem;
  Expected<void> done = kernel->run(problem.args);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::Environment);
  EXPECT_EQ(done.error().message(),
            "no GPU: the CUDA driver (CUDA 13.0) finds no device");
}

TEST_F(EngineGpuTest, CompilesForANewerGpu) {
  Engine engine = makeOnFake();
  auto kernel = engine.compile(parseText(kCausal), spec(), target("sm_120"));
  ASSERT_TRUE(kernel) << kernel.error().message();
  GpuProblem problem;
  Expected<void> done = kernel->run(problem.args);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::Unsupported);
  EXPECT_EQ(done.error().message(),
            "cuda:0 (Fake H100, sm_90) cannot run code for `sm_120`");
}

TEST_F(EngineGpuTest, ADriverOlderThanThePtxIsAnErrorOfCompile) {
  fake.version = 10020;
  Engine engine = makeOnFake();
  auto kernel = engine.compile(parseText(kCausal), spec(), target());
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().kind(), ErrorKind::Environment);
  EXPECT_THAT(kernel.error().message(),
              HasSubstr("the driver supports CUDA 10.2, the kernel is PTX of "
                        "ISA 7."));
}

TEST_F(EngineGpuTest, AKernelOutlivesItsEngine) {
  std::optional<Kernel> kernel;
  {
    Engine engine = makeOnFake();
    auto made = engine.compile(parseText(kCausal), spec(), target());
    ASSERT_TRUE(made);
    kernel = *made;
  }
  auto gpu = cuda::Context::open(*cuda::Driver::create(test::fakeTable()), 0);
  ASSERT_TRUE(gpu);
  GpuProblem problem;
  auto copy = cuda::DeviceTensors::copy(*gpu, problem.args);
  ASSERT_TRUE(copy);
  EXPECT_TRUE(kernel->run(copy->args()));
}

TEST_F(EngineGpuTest, StagesAreThoseOfTheTarget) {
  ModProgram mod = parseText(kCausal);
  auto object = Engine::emit(mod, spec(), target(), Stage::Obj);
  ASSERT_FALSE(object);
  EXPECT_THAT(object.error().message(),
              HasSubstr("no object file for `sm_90`"));
  auto cubin = Engine::emit(mod, spec(), *TargetSpec::host(), Stage::Cubin);
  ASSERT_FALSE(cubin);
  EXPECT_THAT(cubin.error().message(), HasSubstr("which is no GPU"));
  auto ptx = Engine::emit(mod, spec(), target(), Stage::Asm);
  ASSERT_TRUE(ptx) << ptx.error().message();
  EXPECT_THAT(*ptx, HasSubstr(".entry attnjit_prefill("));
  if (!findPtxas())
    GTEST_SKIP() << "[SKIP] no ptxas";
  cubin = Engine::emit(mod, spec(), target(), Stage::Cubin);
  ASSERT_TRUE(cubin) << cubin.error().message();
  EXPECT_THAT(*cubin, testing::StartsWith("\177ELF"));
}

TEST(Ptxas, SaysWhatItRefuses) {
  const auto ptxas = findPtxas();
  if (!ptxas)
    GTEST_SKIP() << "[SKIP] no ptxas";
  auto cubin = runPtxas(*ptxas, "nonsense", "sm_90");
  ASSERT_FALSE(cubin);
  EXPECT_EQ(cubin.error().kind(), ErrorKind::Internal);
  EXPECT_THAT(cubin.error().message(), HasSubstr("refuses a kernel for sm_90"));
  auto absent = runPtxas("/nonexistent/ptxas", "nonsense", "sm_90");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind(), ErrorKind::Environment);
}

TEST(GpuArtifactTest, BytesAndBack) {
  for (const GpuArtifact &artifact :
       {GpuArtifact{"ptx text", "", ""},
        GpuArtifact{"ptx\ntext", "sm_90", std::string("\x7f\0cubin", 7)},
        GpuArtifact{"", "sm_120", "x"}}) {
    auto back = GpuArtifact::fromBytes(artifact.toBytes());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->ptx, artifact.ptx);
    EXPECT_EQ(back->sm, artifact.sm);
    EXPECT_EQ(back->cubin, artifact.cubin);
    // Cut anywhere, it is none.
    const std::string bytes = artifact.toBytes();
    for (size_t length = 0; length < bytes.size(); ++length)
      EXPECT_FALSE(GpuArtifact::fromBytes(bytes.substr(0, length))) << length;
    EXPECT_FALSE(GpuArtifact::fromBytes(bytes + "x"));
  }
  for (const char *bad :
       {"attnjit-gpu 2 0 - 0\n", "attnjit-gpu 1 -1 - 0\n",
        "attnjit-gpu 1 0 sm_90 0\n", "attnjit-gpu 1 0 - 1\nx",
        "attnjit-gpu 1 99999999999999999999 - 0\n", "attnjit-gpu 1", ""})
    EXPECT_FALSE(GpuArtifact::fromBytes(bad)) << bad;
}

} // namespace attnjit
