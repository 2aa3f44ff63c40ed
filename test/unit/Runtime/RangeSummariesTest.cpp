//===- RangeSummariesTest.cpp - Extremes of captured buffers --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every entry of a summary against the elements of its block; then what a
// kernel is given of them, with and without versions.
//
//===----------------------------------------------------------------------===//

#include "RangeSummaries.h"

#include "RunFixture.h"
#include "attnjit/Runtime/Launcher.h"

#include <tbb/global_control.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <random>

using namespace attnjit;
using testing::HasSubstr;

namespace {

int64_t elementAt(const SummarySource &source, int64_t offset) {
  switch (source.dtype) {
  case DType::I32:
    return static_cast<const int32_t *>(source.data)[offset];
  case DType::U8:
    return static_cast<const uint8_t *>(source.data)[offset];
  case DType::Bool:
    return static_cast<const uint8_t *>(source.data)[offset] != 0;
  default:
    return std::clamp<int64_t>(
        static_cast<const int64_t *>(source.data)[offset],
        std::numeric_limits<int32_t>::min(),
        std::numeric_limits<int32_t>::max());
  }
}

/// Checks every entry of every row that stands for some element.
void expectExtremes(const SummarySource &source,
                    const std::vector<int32_t> &entries) {
  const int64_t size = source.size[source.axis], padded = source.padded();
  ASSERT_GE(padded, std::max<int64_t>(8, size));
  std::array<int64_t, kMaxBufferRank> at = {};
  for (int64_t row = 0; row < source.rows(); ++row) {
    int64_t origin = 0, left = row;
    for (int axis = kMaxBufferRank; axis-- > 0;)
      if (axis != source.axis) {
        at[axis] = left % source.size[axis];
        left /= source.size[axis];
        origin += at[axis] * source.stride[axis];
      }
    for (int level = 2; padded >> level != 0; ++level) {
      const int64_t begin = row * padded + padded / 2 - (padded >> (level - 1));
      for (int64_t block = 0; block << level < size; ++block) {
        int64_t least = std::numeric_limits<int64_t>::max();
        int64_t greatest = std::numeric_limits<int64_t>::min();
        for (int64_t i = block << level;
             i < std::min(size, (block + 1) << level); ++i) {
          const int64_t element =
              elementAt(source, origin + i * source.stride[source.axis]);
          least = std::min(least, element);
          greatest = std::max(greatest, element);
        }
        ASSERT_EQ(entries[begin + block], least)
            << "row " << row << " level " << level << " block " << block;
        ASSERT_EQ(entries[begin + padded / 2 + block], greatest)
            << "row " << row << " level " << level << " block " << block;
      }
    }
  }
}

std::vector<int32_t> summaryOf(const SummarySource &source,
                               Executor &executor) {
  std::vector<int32_t> entries(source.entries());
  int32_t *const to = entries.data();
  Expected<void> done =
      summarize({&source, 1}, {&to, 1}, executor, executor.concurrency());
  EXPECT_TRUE(done) << done.error().message();
  return entries;
}

TEST(Summarize, FindsTheExtremesOfEveryBlock) {
  std::mt19937_64 random(1);
  auto executor = makeSerialExecutor();
  for (DType dtype : {DType::I32, DType::I64, DType::U8, DType::Bool})
    for (int64_t size : {1, 3, 4, 5, 8, 31, 100, 4095, 4096, 4097, 9001})
      for (int64_t stride : {1, 3, -2, 0}) {
        SCOPED_TRACE(testing::Message()
                     << name(dtype) << " " << size << " by " << stride);
        const int64_t reach = size * std::max<int64_t>(1, std::abs(stride));
        std::vector<uint64_t> memory(3 * reach);
        for (uint64_t &word : memory)
          word = random() % 3 ? random() % 7 : random();
        SummarySource source;
        source.dtype = dtype;
        source.axis = 1;
        source.size = {3, size, 1, 1};
        source.stride = {reach, stride, 0, 0};
        const int64_t origin = stride < 0 ? (size - 1) * -stride : 0;
        source.data = reinterpret_cast<const std::byte *>(memory.data()) +
                      origin * static_cast<int64_t>(sizeBytes(dtype));
        expectExtremes(source, summaryOf(source, *executor));
        if (testing::Test::HasFatalFailure())
          return;
      }
}

// An axis that is not the last, and threads.
TEST(Summarize, DoesNotDependOnThreads) {
  tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  std::mt19937_64 random(2);
  std::vector<int32_t> memory(5 * 70000);
  for (int32_t &element : memory)
    element = static_cast<int32_t>(random());
  SummarySource source;
  source.size = {1, 70000, 5, 1};
  source.stride = {0, 5, 1, 0};
  source.axis = 1;
  source.data = memory.data();
  auto serial = makeSerialExecutor(), threaded = makeThreadedExecutor(4);
  expectExtremes(source, summaryOf(source, *threaded));
  expectExtremes(source, summaryOf(source, *serial));
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

/// What the kernel was given of the first range, of buffer slot 1, axis 1.
std::vector<int32_t> givenEntries;
std::atomic<bool> wasGiven;

void lookingEntry(AttnJitKernelArgs *args) {
  wasGiven = args->summaries != nullptr;
  givenEntries.clear();
  if (!wasGiven)
    return;
  const AttnJitRangeSummary &summary = args->summaries[0];
  if (summary.data)
    givenEntries.assign(summary.data, summary.data + args->buffers[1].size[0] *
                                                         summary.padded);
}

class RunSummariesTest : public RunFixture {
protected:
  RunSummariesTest() {
    signature.prefillOnly = true;
    signature.ranges = {{1, 1}};
    makeKernel();
    for (size_t i = 0; i < idData.size(); ++i)
      idData[i] = static_cast<int32_t>(i % 5);
  }

  /// Of the signature as it is.
  void makeKernel() {
    EntryPoint point;
    point.launcher =
        makeHostLauncher({.function = lookingEntry, .code = nullptr});
    point.blockRows = 2;
    kernel.emplace(
        signature, [point](Entry) { return point; }, makeSerialExecutor());
  }

  void run() {
    Expected<void> done = kernel->run(args);
    ASSERT_TRUE(done) << done.error().message();
  }
  /// The greatest of the first block of the first row.
  int32_t greatest() { return givenEntries.at(4); }

  std::optional<Kernel> kernel;
};

TEST_F(RunSummariesTest, KernelsGetWhatTheyAskFor) {
  run();
  ASSERT_EQ(givenEntries.size(), size_t(8 * kB)); // 7 keys are padded to 8
  EXPECT_EQ(givenEntries[0], 0);
  EXPECT_EQ(givenEntries[1], 0); // of ids 4, 0, 1
  EXPECT_EQ(givenEntries[4], 3);
  EXPECT_EQ(givenEntries[5], 4);
}

TEST_F(RunSummariesTest, WithoutARequestThereIsNoTable) {
  signature.ranges.clear();
  makeKernel();
  run();
  EXPECT_FALSE(wasGiven);
}

TEST_F(RunSummariesTest, ShortAxesAreLeftOut) {
  capture("ids").value = Tensor::contiguous(idData.data(), DType::I32, {kB, 4});
  signature.buffers[1].dims = {Dim::any(), Dim::any()};
  makeKernel();
  run();
  EXPECT_TRUE(wasGiven);
  EXPECT_TRUE(givenEntries.empty());
}

TEST_F(RunSummariesTest, EveryRunLooksAgainWithoutAVersion) {
  run();
  EXPECT_EQ(greatest(), 3);
  idData[0] = 77;
  run();
  EXPECT_EQ(greatest(), 77);
}

TEST_F(RunSummariesTest, AVersionIsAPromise) {
  capture("ids").version = 1;
  run();
  EXPECT_EQ(greatest(), 3);
  idData[0] = 77;
  run();
  EXPECT_EQ(greatest(), 3); // what the caller asked for
  capture("ids").version = 2;
  run();
  EXPECT_EQ(greatest(), 77);
}

TEST_F(RunSummariesTest, ABrokenPromiseIsFoundOnDemand) {
  args.checkVersions = true;
  capture("ids").version = 7;
  run();
  run();
  idData[2] = -9;
  Expected<void> done = kernel->run(args);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(done.error().message(), HasSubstr("`ids`"));
  EXPECT_THAT(done.error().message(), HasSubstr("version 7"));
  EXPECT_THAT(outData, testing::Each(kUntouched));
  capture("ids").version = 8;
  run();
  EXPECT_EQ(givenEntries.at(0), -9);
}

// Another tensor with the same version is not taken for the first.
TEST_F(RunSummariesTest, AVersionIsThatOfOneTensor) {
  capture("ids").version = 1;
  run();
  std::vector<int32_t> other(kB * kSkv, 50);
  capture("ids").value =
      Tensor::contiguous(other.data(), DType::I32, {kB, kSkv});
  run();
  EXPECT_EQ(greatest(), 50);
}

TEST(SummaryCacheTest, ForgetsTheOldest) {
  SummaryCache cache;
  auto sourceOf = [](int n) {
    SummarySource source;
    source.size = {n + 1, 1, 1, 1};
    return source;
  };
  auto entries = std::make_shared<const std::vector<int32_t>>(8);
  for (int n = 0; n < 100; ++n)
    cache.keep(sourceOf(n), 1, entries);
  EXPECT_EQ(cache.find(sourceOf(0), 1), nullptr);
  EXPECT_EQ(cache.find(sourceOf(99), 1), entries);
  EXPECT_EQ(cache.find(sourceOf(99), 2), nullptr);
  cache.keep(sourceOf(99), 2, entries);
  EXPECT_EQ(cache.find(sourceOf(99), 1), nullptr);
}

} // namespace
