//===- CudaLauncherTest.cpp - Tests of runs on a GPU ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs through Kernel::run on the fake driver: what a launch receives is looked
// at byte by byte, not what it computes.
//
//===----------------------------------------------------------------------===//

#include "Allocations.h"
#include "CudaFixture.h"
#include "RunFixture.h"

#include "attnjit/ABI/SummarizeArgs.h"
#include "attnjit/Runtime/Cuda/CudaLauncher.h"
#include "attnjit/Runtime/Cuda/DeviceTensors.h"
#include "attnjit/Runtime/Cuda/Stream.h"

#include <cstring>
#include <thread>

using namespace attnjit;
using namespace attnjit::cuda;
using testing::ElementsAre;
using testing::HasSubstr;

/// Bytes of the parameter of kernels with three params and two buffers.
static constexpr size_t kParameterBytes =
    sizeof(AttnJitKernelArgs) + 2 * sizeof(AttnJitBuffer) + 3 * 8;

namespace {
class CudaRun : public OnFakeCuda<RunFixture> {
protected:
  CudaRun() {
    signature.deviceMemory = true;
    signature.prefillOnly = true;
    point.blockRows = 2;
    entry = {"attnjit_prefill", 128, 98304, 2, 3, 0};
  }

  Expected<std::shared_ptr<const CudaLauncher>> load() {
    std::string ptx = test::fakePtx(
        entry.symbol,
        kParameterBytes + entry.summaryRows * sizeof(AttnJitRangeSummary));
    if (entry.summaryRows)
      ptx +=
          test::fakePtx(ATTNJIT_SUMMARIZE_SYMBOL, sizeof(AttnJitSummarizeArgs));
    return CudaLauncher::create(gpu, ptx, entry);
  }

  /// The code asks for extremes of `ids` along the keys.
  void askForIds() {
    signature.ranges = {{1, 1}};
    entry.summaryRows = 1;
  }

  /// A kernel whose only entry point is the fake's.
  Kernel kernel() {
    auto launcher = load();
    EXPECT_TRUE(launcher) << launcher.error().message();
    point.launcher = launcher.value_or(nullptr);
    return Kernel(
        signature, [point = point](Entry) { return point; },
        makeSerialExecutor());
  }

  /// The fixture's tensors, on the GPU.
  DeviceTensors onGpu() {
    auto copy = DeviceTensors::copy(gpu, args);
    EXPECT_TRUE(copy) << copy.error().message();
    return std::move(*copy);
  }

  /// A run with split keys: decode of so many of them.
  void decode(int64_t keys) {
    signature.prefillOnly = false;
    signature.strip = 64;
    point.blockRows = 16;
    point.partialWidth = 8;
    kData.assign(kB * kHkv * keys * kD, 1);
    vData.assign(kB * kHkv * keys * kDv, 1);
    idData.assign(kB * keys, 0);
    args.k = Tensor::contiguous(kData.data(), DType::F32, {kB, kHkv, keys, kD});
    args.v =
        Tensor::contiguous(vData.data(), DType::F32, {kB, kHkv, keys, kDv});
    capture("ids").value =
        Tensor::contiguous(idData.data(), DType::I32, {kB, keys});
    entry.symbol = "attnjit_decode";
  }

  static AttnJitKernelArgs argsOf(const test::FakeLaunch &launch) {
    AttnJitKernelArgs args;
    std::memcpy(&args, launch.parameter.data(), sizeof(args));
    return args;
  }

  Context::Ptr gpu = context();
  EntryPoint point;
  CudaEntry entry;

  static constexpr unsigned kItems = kB * kHq * 3; // ceil(5 / 2) = 3
};
} // namespace

TEST_F(CudaRun, LaunchesABlockForEachWorkItem) {
  Kernel k = kernel();
  auto stream = Stream::create(gpu);
  ASSERT_TRUE(stream);
  DeviceTensors copy = onGpu();
  RunArgs run = copy.args();
  run.stream = stream->handle();
  const int64_t waits = fake.countOf("cuStreamSynchronize");
  Expected<void> done = k.run(run);
  ASSERT_TRUE(done) << done.error().message();
  ASSERT_EQ(fake.launches.size(), 1u);
  const test::FakeLaunch &launch = fake.launches[0];
  EXPECT_EQ(launch.symbol, "attnjit_prefill");
  EXPECT_THAT(launch.grid, ElementsAre(kItems, 1, 1));
  EXPECT_THAT(launch.block, ElementsAre(128, 1, 1));
  EXPECT_EQ(launch.sharedBytes, 98304u);
  EXPECT_EQ(launch.stream, reinterpret_cast<uintptr_t>(stream->handle()));
  // It has not waited.
  EXPECT_EQ(fake.countOf("cuStreamSynchronize"), waits);
  EXPECT_EQ(fake.countOf("cuCtxSynchronize"), 0);
}

// The struct, the buffers, the params, one after the other without a gap; the
// expected bytes are put together here by offset.
TEST_F(CudaRun, TheParameterIsLaidOutAsDocumented) {
  args.lse = lseTensor();
  args.qOffset.scalar = -3;
  args.kvOffset.scalar = 9;
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  ASSERT_TRUE(k.run(copy.args()));
  ASSERT_EQ(fake.launches.size(), 1u);
  const std::vector<std::byte> &bytes = fake.launches[0].parameter;
  ASSERT_EQ(bytes.size(), kParameterBytes);

  const RunArgs &run = copy.args();
  AttnJitKernelArgs want = {};
  want.struct_size = sizeof(AttnJitKernelArgs);
  want.abi_version = ATTNJIT_ABI_VERSION;
  want.q = {run.q.data, {kHq * kSq * kD, kSq * kD, kD, 1}};
  want.k = {run.k.data, {kHkv * kSkv * kD, kSkv * kD, kD, 1}};
  want.v = {run.v.data, {kHkv * kSkv * kDv, kSkv * kDv, kDv, 1}};
  want.out = {run.out.data, {kHq * kSq * kDv, kSq * kDv, kDv, 1}};
  want.lse = {run.lse->data, {kHq * kSq, kSq, 1, 0}};
  want.B = want.B_global = kB;
  want.Hq = want.Hq_global = kHq;
  want.Hkv = kHkv;
  want.Sq = kSq;
  want.Skv = kSkv;
  want.D = kD;
  want.Dv = kDv;
  // Without an array, an offset is its own stride.
  want.q_offset = {nullptr, -3};
  want.kv_offset = {nullptr, 9};
  want.scale = static_cast<float>(1 / std::sqrt(3.0));
  want.dropout_scale = 1;
  want.apply_sink = 1;
  want.work_end = kItems;
  EXPECT_EQ(std::memcmp(bytes.data(), &want, sizeof(want)), 0);

  auto word = [&](size_t offset) {
    uint64_t value;
    std::memcpy(&value, bytes.data() + sizeof(want) + offset, sizeof(value));
    return value;
  };
  auto address = [&](int capture) {
    return reinterpret_cast<uintptr_t>(
        std::get<Tensor>(run.captures[capture].value).data);
  };
  EXPECT_EQ(word(0), address(1)); // slopes: [Hq]
  EXPECT_EQ(word(8), uint64_t(kHq));
  for (size_t axis : {1, 2, 3})
    EXPECT_EQ(word(8 + 8 * axis), 1u);
  EXPECT_EQ(word(40), 1u); // stride
  EXPECT_EQ(word(48), 0u);
  EXPECT_EQ(word(72), address(2)); // ids: [B, Skv]
  EXPECT_EQ(word(80), uint64_t(kB));
  EXPECT_EQ(word(88), uint64_t(kSkv));
  EXPECT_EQ(word(112), uint64_t(kSkv));
  EXPECT_EQ(word(120), 1u);
  EXPECT_EQ(word(144), 16u);         // window
  EXPECT_EQ(word(152), 0x42480000u); // cap: 50 as f32
  EXPECT_EQ(word(160), 1u);          // flag
}

// First the pieces of a row, then what is above them, then the kernel.
TEST_F(CudaRun, SummariesAreMadeBeforeTheyAreRead) {
  decode(5000);
  askForIds();
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  auto stream = Stream::create(gpu);
  ASSERT_TRUE(stream);
  RunArgs run = copy.args();
  run.stream = stream->handle();
  ASSERT_TRUE(k.run(run));
  ASSERT_EQ(fake.launches.size(), 3u);
  const void *ids = std::get<Tensor>(run.captures[2].value).data;
  std::vector<AttnJitSummarizeArgs> parts;
  for (int i = 0; i < 2; ++i) {
    const test::FakeLaunch &launch = fake.launches[i];
    EXPECT_EQ(launch.symbol, "attnjit_summarize");
    EXPECT_THAT(launch.block, ElementsAre(256, 1, 1));
    EXPECT_EQ(launch.stream, reinterpret_cast<uintptr_t>(run.stream));
    ASSERT_EQ(launch.parameter.size(), sizeof(AttnJitSummarizeArgs));
    std::memcpy(&parts.emplace_back(), launch.parameter.data(),
                sizeof(AttnJitSummarizeArgs));
  }
  AttnJitSummarizeArgs want = {};
  want.data = ids;
  want.entries = parts[0].entries;
  want.padded = 8192;
  want.size = 5000;
  want.stride = 1;
  want.other_size[0] = kB;
  want.other_size[1] = want.other_size[2] = 1;
  want.other_stride[0] = 5000;
  want.pieces = 2;
  want.first_level = 2;
  want.last_level = 12;
  EXPECT_EQ(std::memcmp(&parts[0], &want, sizeof(want)), 0);
  EXPECT_THAT(fake.launches[0].grid, ElementsAre(kB * 2, 1, 1));
  want.pieces = 1;
  want.first_level = want.last_level = 13;
  EXPECT_EQ(std::memcmp(&parts[1], &want, sizeof(want)), 0);
  EXPECT_THAT(fake.launches[1].grid, ElementsAre(kB, 1, 1));

  const test::FakeLaunch &launch = fake.launches[2];
  EXPECT_EQ(launch.symbol, "attnjit_decode");
  AttnJitRangeSummary row;
  ASSERT_EQ(launch.parameter.size(), kParameterBytes + sizeof(row));
  std::memcpy(&row, launch.parameter.data() + kParameterBytes, sizeof(row));
  EXPECT_EQ(row.data, want.entries);
  EXPECT_EQ(row.padded, 8192);
  // All of it is memory of the device, behind the partial results.
  EXPECT_TRUE(fake.find(reinterpret_cast<uintptr_t>(row.data),
                        size_t(kB * row.padded) * sizeof(int32_t)));
  const AttnJitKernelArgs seen = argsOf(launch);
  EXPECT_GE(reinterpret_cast<uintptr_t>(row.data),
            reinterpret_cast<uintptr_t>(seen.partial_l.data));
  EXPECT_EQ(seen.summaries, nullptr);
}

// Its elements are read one by one.
TEST_F(CudaRun, AShortAxisHasNoSummary) {
  signature.buffers[1].dims = {Dim::any(), Dim::any()};
  capture("ids").value = Tensor::contiguous(idData.data(), DType::I32, {kB, 4});
  askForIds();
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  ASSERT_TRUE(k.run(copy.args()));
  ASSERT_EQ(fake.launches.size(), 1u);
  AttnJitRangeSummary row;
  ASSERT_EQ(fake.launches[0].parameter.size(), kParameterBytes + sizeof(row));
  std::memcpy(&row, fake.launches[0].parameter.data() + kParameterBytes,
              sizeof(row));
  EXPECT_EQ(row.data, nullptr);
}

TEST_F(CudaRun, AWarmRunNeitherAllocatesNorWaits) {
  decode(4096);
  askForIds();
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  ASSERT_TRUE(k.run(copy.args()));
  ASSERT_NE(argsOf(fake.launches[0]).split_arrivals, nullptr);
  fake.calls.clear();
  fake.launches.clear();
  fake.allocated = test::allocationCount;
  const int64_t before = test::allocationCount();
  Expected<void> done = k.run(copy.args());
  const int64_t after = test::allocationCount();
  fake.allocated = nullptr;
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(after - before - fake.allocatedInside, 0);
  for (const std::string &call : fake.calls)
    EXPECT_THAT(call,
                testing::AnyOf("cuPointerGetAttribute", "cuLaunchKernel",
                               "cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2"));
}

TEST_F(CudaRun, AWarmRunCanBeCapturedAndAColdOneSaysWhyNot) {
  decode(4096);
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  auto stream = Stream::create(gpu);
  ASSERT_TRUE(stream);
  RunArgs run = copy.args();
  run.stream = stream->handle();
  const auto number = reinterpret_cast<uintptr_t>(run.stream);
  fake.setCapturing(number, true);
  Expected<void> cold = k.run(run);
  EXPECT_EQ(kindOf(cold), ErrorKind::InvalidArgument);
  EXPECT_THAT(messageOf(cold), HasSubstr("run once before the capture"));
  fake.setCapturing(number, false);
  ASSERT_TRUE(k.run(run));
  fake.setCapturing(number, true);
  EXPECT_TRUE(k.run(run));
  fake.setCapturing(number, false);
}

TEST_F(CudaRun, CountersAreZeroAndPartsDoNotMeet) {
  decode(5000);
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  fake.execute = [&](const test::FakeLaunch &launch) {
    const AttnJitKernelArgs seen = argsOf(launch);
    const int64_t cells = kB * kHkv;
    for (int64_t cell = 0; cell < cells; ++cell)
      EXPECT_EQ(seen.split_arrivals[cell], 0u);
    // Writes all that a kernel may write; the fake's memory ends there.
    const int64_t items = seen.work_end;
    auto fill = [&](const AttnJitTensor &part) {
      for (int64_t i = 0; i < items * part.stride[0]; ++i)
        static_cast<float *>(part.data)[i] = float(i);
      return std::pair(static_cast<float *>(part.data),
                       static_cast<float *>(part.data) +
                           items * part.stride[0]);
    };
    auto out = fill(seen.partial_out), m = fill(seen.partial_m),
         l = fill(seen.partial_l);
    EXPECT_EQ(out.second, m.first);
    EXPECT_EQ(m.second, l.first);
    EXPECT_TRUE(fake.find(reinterpret_cast<uintptr_t>(out.first),
                          size_t(l.second - out.first) * sizeof(float)));
    EXPECT_EQ(int64_t(launch.grid[0]), items);
    EXPECT_GT(items, cells);
    return kSuccess;
  };
  ASSERT_TRUE(k.run(copy.args()));
  ASSERT_TRUE(copy.copyBack());
}

TEST_F(CudaRun, StreamsDoNotShareScratch) {
  decode(4096);
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  auto one = Stream::create(gpu), two = Stream::create(gpu);
  ASSERT_TRUE(one && two);
  auto arrivalsOn = [&](void *stream) {
    RunArgs run = copy.args();
    run.stream = stream;
    EXPECT_TRUE(k.run(run));
    return argsOf(fake.launches.back()).split_arrivals;
  };
  auto *onOne = arrivalsOn(one->handle());
  auto *onTwo = arrivalsOn(two->handle());
  auto *onDefault = arrivalsOn(nullptr);
  EXPECT_NE(onOne, onTwo);
  EXPECT_NE(onOne, onDefault);
  EXPECT_NE(onTwo, onDefault);
  EXPECT_EQ(arrivalsOn(one->handle()), onOne);
  // The default stream has two names; that of each thread is its own.
  auto *legacy = reinterpret_cast<void *>(kLegacyStream);
  auto *perThread = reinterpret_cast<void *>(kPerThreadStream);
  EXPECT_EQ(arrivalsOn(legacy), onDefault);
  auto *ofThisThread = arrivalsOn(perThread);
  EXPECT_NE(ofThisThread, onDefault);
  uint32_t *ofAnother = nullptr;
  std::thread([&] { ofAnother = arrivalsOn(perThread); }).join();
  EXPECT_NE(ofAnother, ofThisThread);
}

// What an earlier run, or a captured graph, refers to stays.
TEST_F(CudaRun, ScratchThatGrowsLeavesTheOldOneAlone) {
  decode(1024);
  Kernel k = kernel();
  DeviceTensors few = onGpu();
  ASSERT_TRUE(k.run(few.args()));
  auto old = reinterpret_cast<uintptr_t>(
      argsOf(fake.launches.back()).partial_out.data);
  decode(65536);
  DeviceTensors many = onGpu();
  ASSERT_TRUE(k.run(many.args()));
  EXPECT_NE(reinterpret_cast<uintptr_t>(
                argsOf(fake.launches.back()).partial_out.data),
            old);
  EXPECT_TRUE(fake.find(old, 1));
  EXPECT_EQ(fake.countOf("cuMemFree_v2"), 0);
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

TEST_F(CudaRun, HostTensorsAreRefused) {
  Kernel k = kernel();
  EXPECT_EQ(messageOf(k.run(args)),
            "`q` lies in host memory; it should lie in memory of cuda:0 (Fake "
            "H100, sm_90)");
  args.lse = lseTensor();
  args.qOffset.perBatch = offsetTensor();
  DeviceTensors copy = onGpu();
  auto refused = [&](RunArgs run, const char *name) {
    Expected<void> done = k.run(run);
    EXPECT_EQ(kindOf(done), ErrorKind::InvalidArgument);
    EXPECT_THAT(messageOf(done), testing::StartsWith(std::string("`") + name +
                                                     "` lies in host memory"));
  };
  RunArgs run = copy.args();
  run.lse = args.lse;
  refused(run, "lse");
  run = copy.args();
  run.qOffset = args.qOffset;
  refused(run, "q_offset");
  run = copy.args();
  run.captures[1] = args.captures[1];
  refused(run, "slopes");
  EXPECT_TRUE(fake.launches.empty());
}

TEST_F(CudaRun, EmptyTensorsLieAnywhere) {
  signature.buffers.clear();
  signature.bufferSource.clear();
  args.captures.resize(1);
  args.k.shape[2] = args.v.shape[2] = 0;
  args.k.data = args.v.data = nullptr;
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  EXPECT_TRUE(k.run(copy.args()));
}

TEST_F(CudaRun, OffsetsOnTheGpuAreNotRead) {
  args.qOffset.perBatch = offsetTensor();
  offsetData = {2147483647, 0}; // would be refused if it could be seen
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  EXPECT_TRUE(k.run(copy.args()));
  const AttnJitKernelArgs seen = argsOf(fake.launches.at(0));
  EXPECT_EQ(seen.q_offset.data, copy.args().qOffset.perBatch->data);
  EXPECT_EQ(seen.q_offset.stride, 1);
  RunArgs run = copy.args();
  run.qOffset = {2147483647, {}};
  EXPECT_THAT(messageOf(k.run(run)), HasSubstr("below 2^31"));
}

TEST_F(CudaRun, AnErrorOfEarlierWorkComesWithTheNextCall) {
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  fake.execute = [](const test::FakeLaunch &) { return kIllegalAddress; };
  ASSERT_TRUE(k.run(copy.args()));
  Expected<void> back = copy.copyBack();
  EXPECT_EQ(kindOf(back), ErrorKind::Environment);
  EXPECT_THAT(messageOf(back),
              HasSubstr("cannot copy the results from the GPU: "
                        "CUDA_ERROR_ILLEGAL_ADDRESS (700"));
  EXPECT_THAT(messageOf(k.run(copy.args())),
              HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
  EXPECT_THAT(outData, testing::Each(kUntouched));
}

TEST_F(CudaRun, EachFailedCallIsAnError) {
  decode(4096);
  askForIds();
  for (auto [symbol, words] :
       {std::pair{"cuModuleLoadDataEx", "cannot load a kernel"},
        {"cuModuleGetFunction", "cannot prepare `attnjit_decode`"},
        {"cuFuncSetAttribute", "cannot prepare `attnjit_decode`"},
        {"cuOccupancyMaxActiveBlocksPerMultiprocessor", "how many blocks"}}) {
    fake.failOnce(symbol, kOutOfMemory);
    auto launcher = load();
    EXPECT_THAT(messageOf(launcher), HasSubstr(words));
    EXPECT_THAT(messageOf(launcher), HasSubstr("CUDA_ERROR_OUT_OF_MEMORY"));
  }
  Kernel k = kernel();
  DeviceTensors copy = onGpu();
  for (auto [symbol, words] :
       {std::pair{"cuPointerGetAttribute", "where `q` lies"},
        {"cuCtxPushCurrent_v2", "cannot use the GPU's context"},
        {"cuStreamIsCapturing", "is being captured"},
        {"cuMemAlloc_v2", "for partial results and summaries on cuda:0"},
        {"cuMemsetD32Async", "cannot clear counters"},
        {"cuLaunchKernel", "cannot launch `attnjit_summarize` on cuda:0"}}) {
    fake.failOnce(symbol, kOutOfMemory);
    Expected<void> done = k.run(copy.args());
    EXPECT_THAT(messageOf(done), HasSubstr(words)) << symbol;
    EXPECT_THAT(messageOf(done), HasSubstr("CUDA_ERROR_OUT_OF_MEMORY"));
  }
  // Behind the kernel of summaries.
  fake.failOnce("cuLaunchKernel", kOutOfMemory, /*skip=*/1);
  EXPECT_THAT(messageOf(k.run(copy.args())),
              HasSubstr("cannot launch `attnjit_decode` on cuda:0"));
  EXPECT_TRUE(k.run(copy.args()));
}

TEST_F(CudaRun, CodeOfAnotherAbiIsRefused) {
  entry.paramSlots = 4;
  auto launcher = load();
  EXPECT_EQ(kindOf(launcher), ErrorKind::Internal);
  EXPECT_THAT(messageOf(launcher),
              testing::MatchesRegex(".*parameter of [0-9]+ bytes; the runtime "
                                    "gives it [0-9]+"));
  // A driver that cannot tell is believed.
  DriverTable old = test::fakeTable();
  old.funcGetParamInfo = nullptr;
  auto driver = Driver::create(old);
  ASSERT_TRUE(driver);
  auto context = Context::open(*driver, 0);
  ASSERT_TRUE(context);
  gpu = *context;
  EXPECT_TRUE(load());
}

TEST_F(CudaRun, KnowsHowManyBlocksRunAtOnce) {
  auto launcher = load();
  ASSERT_TRUE(launcher);
  EXPECT_EQ((*launcher)->residentBlocks(), 2 * 132);
}
