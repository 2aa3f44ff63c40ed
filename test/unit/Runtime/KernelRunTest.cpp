//===- KernelRunTest.cpp - Tests of running kernels -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Entry points are C++ functions here: what a kernel receives is looked at,
// not what it computes.
//
//===----------------------------------------------------------------------===//

#include "Allocations.h"
#include "RunFixture.h"

#include "attnjit/Runtime/Launcher.h"

#include <tbb/global_control.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>

using namespace attnjit;
using attnjit::test::allocationCount;
using attnjit::test::failAllocationsFrom;
using testing::HasSubstr;

//===----------------------------------------------------------------------===//
// The entry point
//===----------------------------------------------------------------------===//

namespace {
/// What the entry point saw. One test at a time.
struct Seen {
  std::mutex mutex;
  std::vector<int> items;
  std::set<void *> busyWorkspaces;
  int64_t calls = 0;
  int64_t violations = 0;
  AttnJitKernelArgs last = {};
  int32_t statusToSet = 0;

  void reset(int64_t count) {
    std::lock_guard<std::mutex> lock(mutex);
    items.assign(count, 0);
    busyWorkspaces.clear();
    calls = violations = 0;
    last = {};
    statusToSet = 0;
  }
};
Seen seen;
constexpr int64_t kWorkspaceBytes = 192;
} // namespace

static void lookingEntry(AttnJitKernelArgs *args) {
  {
    std::lock_guard<std::mutex> lock(seen.mutex);
    ++seen.calls;
    auto workspace = reinterpret_cast<uintptr_t>(args->workspace);
    if (workspace == 0 || workspace % 64 != 0 ||
        args->workspace_bytes != kWorkspaceBytes ||
        !seen.busyWorkspaces.insert(args->workspace).second)
      ++seen.violations;
    for (int64_t i = args->work_begin; i < args->work_end; ++i)
      if (i < 0 || i >= static_cast<int64_t>(seen.items.size()))
        ++seen.violations;
      else
        ++seen.items[i];
    seen.last = *args;
  }
  // Whoever shares this workspace would be found out.
  int64_t mark = args->work_begin;
  for (int64_t at = 0; at < kWorkspaceBytes; at += sizeof(mark))
    std::memcpy(static_cast<char *>(args->workspace) + at, &mark, sizeof(mark));
  std::this_thread::yield();
  for (int64_t at = 0; at < kWorkspaceBytes; at += sizeof(mark))
    if (std::memcmp(static_cast<char *>(args->workspace) + at, &mark,
                    sizeof(mark)) != 0)
      args->status = 99;
  std::lock_guard<std::mutex> lock(seen.mutex);
  seen.busyWorkspaces.erase(args->workspace);
  if (seen.statusToSet != 0)
    args->status = seen.statusToSet;
}

static void writingEntry(AttnJitKernelArgs *args) {
  // Each item fills its own rows with its number.
  const int64_t blockQ = 2, blocks = (args->Sq + blockQ - 1) / blockQ;
  for (int64_t item = args->work_begin; item < args->work_end; ++item) {
    int64_t b = item / blocks / args->Hq, h = item / blocks % args->Hq;
    for (int64_t i = item % blocks * blockQ;
         i < std::min(args->Sq, (item % blocks + 1) * blockQ); ++i)
      for (int64_t d = 0; d < args->Dv; ++d)
        static_cast<float *>(
            args->out.data)[b * args->out.stride[0] + h * args->out.stride[1] +
                            i * args->out.stride[2] + d] =
            static_cast<float>(item);
  }
}

namespace {
class KernelRun : public RunFixture {
protected:
  KernelRun() {
    signature.prefillOnly = true;
    signature.strip = point.blockRows = 2;
    code.workspaceBytes = kWorkspaceBytes;
  }
  ~KernelRun() override { failAllocationsFrom(0); }

  Kernel makeKernel(AttnJitKernelFn entry,
                    std::shared_ptr<Executor> executor = nullptr) {
    code.function = entry;
    point.launcher = makeHostLauncher(code);
    return Kernel(
        signature, [point = point](Entry) { return point; },
        executor ? executor : makeSerialExecutor());
  }

  EntryPoint point;
  HostCode code;

  static constexpr int64_t kItems = kB * kHq * 3; // ceil(5 / 2) = 3
};
} // namespace

TEST_F(KernelRun, EveryItemRunsOnceOnEveryExecutor) {
  tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  for (auto executor : {makeSerialExecutor(), makeThreadedExecutor(2),
                        makeThreadedExecutor(4)}) {
    Kernel kernel = makeKernel(lookingEntry, executor);
    seen.reset(kItems);
    Expected<void> done = kernel.run(args);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(seen.violations, 0);
    EXPECT_THAT(seen.items, testing::Each(1));
  }
}

/// Items of more rows before them cost more: the last of each head come first.
static void growingCost(AttnJitKernelArgs *args) {
  for (int64_t i = args->work_begin; i < args->work_end; ++i)
    args->item_costs[i] = static_cast<uint32_t>(i % 3);
}

static std::vector<int64_t> itemsInOrder;

static void recordingEntry(AttnJitKernelArgs *args) {
  for (int64_t i = args->work_begin; i < args->work_end; ++i)
    itemsInOrder.push_back(i);
}

namespace {
/// Two slots, of which it uses one, in order.
struct OrderlyExecutor : Executor {
  int concurrency() const override { return 2; }
  void
  parallelFor(int64_t count,
              const std::function<void(int64_t, int64_t, int)> &body) override {
    body(0, count, 1);
  }
};
} // namespace

TEST_F(KernelRun, CostlyItemsComeFirst) {
  code.cost = growingCost;
  Kernel kernel =
      makeKernel(recordingEntry, std::make_shared<OrderlyExecutor>());
  itemsInOrder.clear();
  ASSERT_TRUE(kernel.run(args));
  ASSERT_EQ(itemsInOrder.size(), static_cast<size_t>(kItems));
  for (int64_t i = 0; i < kItems; ++i)
    EXPECT_EQ(itemsInOrder[i], i / 3 * 3 + 2 - i % 3);
  // One slot has nothing to balance.
  auto serial = makeSerialExecutor();
  args.executor = serial.get();
  itemsInOrder.clear();
  ASSERT_TRUE(kernel.run(args));
  EXPECT_TRUE(std::is_sorted(itemsInOrder.begin(), itemsInOrder.end()));
}

/// The last block of the last head is most of the work, in strips of one row.
static void steepCost(AttnJitKernelArgs *args) {
  const int64_t items =
      args->B * args->Hq *
      ((args->Sq + args->item_queries - 1) / args->item_queries);
  for (int64_t i = args->work_begin; i < args->work_end; ++i)
    args->item_costs[i] = i + 1 == items ? 100 : 1;
}

static void recordingQueriesEntry(AttnJitKernelArgs *args) {
  itemsInOrder.push_back(args->item_queries);
}

TEST_F(KernelRun, ItemsShrinkWhereOneIsMostOfTheWork) {
  signature.strip = 1;
  auto queriesOf = [&](AttnJitKernelFn cost, std::shared_ptr<Executor> on) {
    code.cost = cost;
    Kernel kernel = makeKernel(recordingQueriesEntry, std::move(on));
    itemsInOrder.clear();
    Expected<void> done = kernel.run(args);
    EXPECT_TRUE(done) << done.error().message();
    EXPECT_THAT(itemsInOrder, testing::Each(itemsInOrder.front()));
    return itemsInOrder.front();
  };
  auto two = std::make_shared<OrderlyExecutor>();
  EXPECT_EQ(queriesOf(nullptr, two), 2);
  EXPECT_EQ(queriesOf(steepCost, two), 1);
  EXPECT_EQ(queriesOf(steepCost, makeSerialExecutor()), 2);
}

TEST_F(KernelRun, ItemsAreHeadsAndBlocksOfRows) {
  Kernel kernel = makeKernel(writingEntry);
  ASSERT_TRUE(kernel.run(args));
  for (int64_t b = 0, at = 0; b < kB; ++b)
    for (int64_t h = 0; h < kHq; ++h)
      for (int64_t i = 0; i < kSq; ++i)
        for (int64_t d = 0; d < kDv; ++d)
          EXPECT_EQ(outData[at++], float((b * kHq + h) * 3 + i / 2));
}

TEST_F(KernelRun, FillsTheStruct) {
  args.lse = lseTensor();
  args.mask = Tensor::contiguous(maskData.data(), DType::Bool, {kSq, 1});
  args.kvOffset.scalar = 4;
  args.dropout = DropoutArg{0.25, 0x1122334455667788, 0x99};
  args.captures[0].value = Scalar::i32(-3); // for an f32
  signature.maskTensor = signature.dropout = true;
  Kernel kernel = makeKernel(lookingEntry);
  seen.reset(kItems);
  // A broken form of a Scalar: only the low half of an i32 counts.
  args.captures.push_back({"window", Scalar{Type::I32, 0xffffffff00000007}});
  args.captures.push_back({"flag", Scalar{Type::Bool, 0x100}});

  AttnJitKernelArgs abi;
  std::vector<uint64_t> params;
  std::vector<AttnJitBuffer> buffers;
  Expected<RunSizes> sizes = checkRunArgs(signature, args);
  ASSERT_TRUE(sizes) << sizes.error().message();
  fillKernelArgs(signature, args, *sizes, abi, params, buffers);
  EXPECT_EQ(abi.struct_size, sizeof(AttnJitKernelArgs));
  EXPECT_EQ(abi.abi_version, uint32_t(ATTNJIT_ABI_VERSION));
  EXPECT_EQ(abi.q.data, qData.data());
  EXPECT_THAT(abi.k.stride, testing::ElementsAre(42, 21, 3, 1));
  EXPECT_THAT(abi.lse.stride, testing::ElementsAre(20, 5, 1, 0));
  EXPECT_THAT(abi.mask.stride, testing::ElementsAre(0, 0, 1, 0));
  EXPECT_EQ(abi.B_global, kB);
  EXPECT_EQ(abi.Hq_global, kHq);
  EXPECT_EQ(abi.Dv, kDv);
  EXPECT_EQ(abi.q_offset.data, nullptr);
  // A scalar is in the place of the stride.
  EXPECT_EQ(abi.kv_offset.data, nullptr);
  EXPECT_EQ(abi.kv_offset.stride, 4);
  EXPECT_EQ(abi.q_len.data, nullptr);
  EXPECT_EQ(abi.scale, static_cast<float>(1 / std::sqrt(3.0)));
  EXPECT_EQ(abi.dropout_threshold, 0x40000000u);
  EXPECT_EQ(abi.dropout_seed, 0x1122334455667788u);
  EXPECT_EQ(abi.dropout_offset, 0x99u);
  EXPECT_EQ(abi.dropout_scale, static_cast<float>(1 / 0.75));
  EXPECT_EQ(abi.apply_sink, 1u);
  ASSERT_EQ(params.size(), 3u);
  EXPECT_EQ(params[0], 7u);
  EXPECT_EQ(params[1], 0xc0400000u); // -3 as f32
  EXPECT_EQ(params[2], 1u);
  ASSERT_EQ(buffers.size(), 2u);
  EXPECT_THAT(buffers[0].size, testing::ElementsAre(4, 1, 1, 1));
  EXPECT_THAT(buffers[1].stride, testing::ElementsAre(7, 1, 0, 0));
  for (uint64_t word : abi.reserved)
    EXPECT_EQ(word, 0u);

  args.deterministic = true;
  args.scale = 2.5f;
  fillKernelArgs(signature, args, *sizes, abi, params, buffers);
  EXPECT_EQ(abi.dropout_threshold, 0u);
  EXPECT_EQ(abi.dropout_scale, 1);
  EXPECT_EQ(abi.scale, 2.5f);
}

TEST_F(KernelRun, DropoutThresholdIsTheFloor) {
  signature.dropout = true;
  Expected<RunSizes> sizes = checkRunArgs(signature, args);
  ASSERT_TRUE(sizes);
  for (auto [rate, threshold] : {std::pair{0.0, 0u},
                                 {0.1, 429496729u},
                                 {0.5, 0x80000000u},
                                 {std::nextafter(1.0, 0.0), 0xffffffffu},
                                 {1e-300, 0u}}) {
    args.dropout = DropoutArg{rate, 0, 0};
    AttnJitKernelArgs abi;
    std::vector<uint64_t> params;
    std::vector<AttnJitBuffer> buffers;
    fillKernelArgs(signature, args, *sizes, abi, params, buffers);
    EXPECT_EQ(abi.dropout_threshold, threshold) << rate;
  }
}

TEST_F(KernelRun, NothingIsWrittenOnAnError) {
  Kernel kernel = makeKernel(writingEntry);
  args.lse = lseTensor();
  args.captures.pop_back();
  Expected<void> done = kernel.run(args);
  ASSERT_FALSE(done);
  EXPECT_THAT(outData, testing::Each(kUntouched));
  EXPECT_THAT(lseData, testing::Each(kUntouched));
}

TEST_F(KernelRun, EmptyOutputCallsNothingAndEmptyKeysCall) {
  signature.buffers.clear();
  signature.bufferSource.clear();
  args.captures.resize(1);
  Kernel kernel = makeKernel(lookingEntry);
  const RunArgs good = args;
  args.q.shape[2] = args.out.shape[2] = 0;
  seen.reset(0);
  EXPECT_TRUE(kernel.run(args));
  EXPECT_EQ(seen.calls, 0);
  args = good;
  args.k.shape[2] = args.v.shape[2] = 0;
  args.k.data = args.v.data = nullptr;
  seen.reset(kItems);
  EXPECT_TRUE(kernel.run(args));
  EXPECT_THAT(seen.items, testing::Each(1));
}

TEST_F(KernelRun, StatusIsAnError) {
  Kernel kernel = makeKernel(lookingEntry);
  seen.reset(kItems);
  seen.statusToSet = 7;
  Expected<void> done = kernel.run(args);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::Internal);
  EXPECT_THAT(done.error().message(), HasSubstr("status 7"));
}

TEST_F(KernelRun, WarmRunsAllocateNothing) {
  Kernel kernel = makeKernel(lookingEntry);
  seen.reset(kItems);
  ASSERT_TRUE(kernel.run(args));
  // The set of busy workspaces allocates a node a call; a warm serial run has
  // one call.
  seen.reset(kItems);
  int64_t before = allocationCount();
  ASSERT_TRUE(kernel.run(args));
  int64_t inEntry = seen.calls;
  EXPECT_EQ(allocationCount() - before, inEntry);
}

TEST_F(KernelRun, LackOfMemoryIsAnError) {
  code.workspaceBytes = 1 << 20;
  Kernel kernel = makeKernel(writingEntry);
  failAllocationsFrom(1 << 20);
  Expected<void> done = kernel.run(args);
  failAllocationsFrom(0);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::Environment);
  EXPECT_THAT(outData, testing::Each(kUntouched));
  EXPECT_TRUE(kernel.run(args)); // and the next run has it

  code.workspaceBytes = int64_t(1) << 62; // times slots: past int64
  EXPECT_FALSE(makeKernel(writingEntry, makeThreadedExecutor(2)).run(args));
}

TEST_F(KernelRun, SeveralThreadsShareOneKernel) {
  tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  Kernel kernel = makeKernel(lookingEntry, makeThreadedExecutor(3));
  seen.reset(kItems);
  constexpr int kThreads = 6, kRounds = 50;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      auto serial = makeSerialExecutor();
      RunArgs mine = args;
      if (t % 2 == 0)
        mine.executor = serial.get();
      for (int round = 0; round < kRounds; ++round)
        failures += kernel.run(mine) ? 0 : 1;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(seen.violations, 0);
  EXPECT_THAT(seen.items, testing::Each(kThreads * kRounds));
}

TEST_F(KernelRun, KeepsItsCodeAlive) {
  auto memory = std::make_shared<int>(0);
  std::weak_ptr<int> watch = memory;
  code.function = writingEntry;
  code.code = std::move(memory);
  point.launcher = makeHostLauncher(std::exchange(code, {}));
  std::optional<Kernel> kernel;
  kernel.emplace(
      signature,
      [point = std::exchange(point, {})](Entry) mutable {
        return std::exchange(point, {});
      },
      makeSerialExecutor());
  Kernel copy = *kernel;
  kernel.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_TRUE(copy.run(args));
}

TEST_F(KernelRun, CodeThatCannotRunHereSaysWhy) {
  point.launcher =
      makeRefusingLauncher(Error(ErrorKind::Environment, "no machine for it"));
  Kernel kernel(
      signature, [point = point](Entry) { return point; },
      makeSerialExecutor());
  ASSERT_TRUE(kernel.prepare(Entry::Prefill));
  Expected<void> done = kernel.run(args);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(), "no machine for it");
  // Wrong arguments are wrong on every machine.
  args.q.data = nullptr;
  EXPECT_EQ(kernel.run(args).error().kind(), ErrorKind::InvalidArgument);
}
