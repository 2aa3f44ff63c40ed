//===- SummaryTest.cpp - What GPU kernels know of buffers -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernel that summarises buffers against the host's summaries; and that by
// them, by a mask tensor and by cuts of tiles, kernels leave out blocks of keys
// that no query keeps: their memory is taken away.
//
//===----------------------------------------------------------------------===//

#include "GpuKernel.h"
#include "Harness.h"

#include "attnjit/ABI/SummarizeArgs.h"
#include "attnjit/Runtime/Executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace attnjit;
using namespace attnjit::test;
using emulator::Emulator;

namespace {

constexpr const char *kDocuments =
    "buffer id : i32[B, ?]\nmask = id[b, q] == id[b, kv]\n";

//===----------------------------------------------------------------------===//
// The kernel of summaries
//===----------------------------------------------------------------------===//

std::string irOfDocuments() {
  Expected<std::string> text =
      Engine::emit(parsed(kDocuments), {64, 64, DType::BF16},
                   *TargetSpec::parse("sm_80"), Stage::Llvm, Entry::Prefill);
  EXPECT_TRUE(text) << text.error().message();
  return text.value_or("");
}

constexpr int32_t kUnwritten = 0x7fc0dead;

/// A buffer in memory of its own, and what is found of it.
struct Subject {
  Subject(DType dtype, int64_t size, int64_t stride, std::mt19937_64 &random) {
    const int64_t reach = size * std::max<int64_t>(1, std::abs(stride));
    memory.resize(static_cast<size_t>(6 * reach));
    for (uint64_t &word : memory)
      word = random() % 3 ? random() % 7 : random();
    source.dtype = dtype;
    source.axis = 1;
    source.size = {3, size, 2, 1};
    source.stride = {2 * reach, stride, reach, 0};
    const int64_t origin = stride < 0 ? (size - 1) * -stride : 0;
    source.data = reinterpret_cast<const std::byte *>(memory.data()) +
                  origin * static_cast<int64_t>(sizeBytes(dtype));
  }

  std::vector<int32_t> onHost() const {
    std::vector<int32_t> entries(source.entries(), kUnwritten);
    int32_t *const to = entries.data();
    EXPECT_TRUE(summarize({&source, 1}, {&to, 1}, *makeSerialExecutor(), 1));
    return entries;
  }

  Expected<std::vector<int32_t>> onGpu(Emulator &kernel, uint64_t seed) const {
    std::vector<int32_t> entries(source.entries(), kUnwritten);
    emulator::Options options;
    options.seed = seed;
    options.memory.emplace();
    options.memory->push_back(
        {memory.data(), memory.size() * sizeof(uint64_t), false, "buffer"});
    options.memory->push_back(
        {entries.data(), entries.size() * sizeof(int32_t), true, "summary"});
    if (auto done = runSummary(kernel, source, entries.data(), options); !done)
      return fail(done.error());
    return entries;
  }

  SummarySource source;
  std::vector<uint64_t> memory;
};

TEST(GpuSummaries, AreThoseOfTheHost) {
  Expected<Emulator> kernel =
      Emulator::load(irOfDocuments(), ATTNJIT_SUMMARIZE_SYMBOL);
  ASSERT_TRUE(kernel) << kernel.error().message();
  std::mt19937_64 random(1);
  for (DType dtype : {DType::I32, DType::I64, DType::U8, DType::Bool})
    for (int64_t size : {1, 3, 5, 8, 31, 100, 4095, 4096, 4097, 9001})
      for (int64_t stride : {1, -2, 0}) {
        SCOPED_TRACE(testing::Message()
                     << name(dtype) << " " << size << " by " << stride);
        const Subject subject(dtype, size, stride, random);
        auto found = subject.onGpu(*kernel, static_cast<uint64_t>(size));
        ASSERT_TRUE(found) << found.error().message();
        // Entries of padding included: both leave them as they are.
        ASSERT_EQ(*found, subject.onHost());
      }
}

// Each level is read by other threads than wrote it.
TEST(GpuSummaries, ADroppedBarrierIsSeen) {
  std::string ir = irOfDocuments();
  const size_t begin = ir.find("@" ATTNJIT_SUMMARIZE_SYMBOL "(");
  const size_t barrier = ir.find("call void @llvm.nvvm.barrier", begin);
  ASSERT_NE(barrier, ir.npos);
  const size_t end = ir.find('\n', barrier);
  ir.replace(barrier, end - barrier, "");
  // It may follow `tail `.
  if (ir.compare(barrier - 5, 5, "tail ") == 0)
    ir.erase(barrier - 5, 5);
  Expected<Emulator> kernel = Emulator::load(ir, ATTNJIT_SUMMARIZE_SYMBOL);
  ASSERT_TRUE(kernel) << kernel.error().message();
  std::mt19937_64 random(2);
  const Subject subject(DType::I32, 4096, 1, random);
  bool isSeen = false;
  for (uint64_t seed = 0; seed < 8 && !isSeen; ++seed) {
    auto found = subject.onGpu(*kernel, seed);
    isSeen = !found || *found != subject.onHost();
  }
  EXPECT_TRUE(isSeen);
}

//===----------------------------------------------------------------------===//
// Blocks that are left out
//===----------------------------------------------------------------------===//

class GpuSkips : public testing::TestWithParam<Entry> {
protected:
  static constexpr int64_t kKeys = 512;

  static Shape shape() {
    Shape shape;
    shape.Skv = kKeys;
    shape.Sq = GetParam() == Entry::Decode ? 4 : 128;
    shape.group = 2;
    shape.D = shape.Dv = 64;
    shape.dtype = DType::BF16;
    return shape;
  }

  /// Runs without the memory of the keys outside of `kept`, block by block.
  static void runWith(const ModProgram &mod, Problem &problem,
                      std::span<const int64_t> kept) {
    auto kernel = GpuKernel::compile(mod, problem.spec(),
                                     *TargetSpec::parse("sm_80"), GetParam());
    ASSERT_TRUE(kernel) << kernel.error().message();
    ASSERT_EQ(kernel->schedule().blockKv, 64);
    for (const Tensor &tensor : {problem.args.k, problem.args.v})
      for (int64_t block = 0; block < kKeys / 64; ++block)
        if (std::ranges::find(kept, block) == kept.end()) {
          auto *row = static_cast<const std::byte *>(tensor.data) +
                      block * 64 * tensor.stride[2] * 2;
          kernel->missing.push_back(
              {row, static_cast<size_t>(64 * tensor.stride[2] * 2), false, ""});
        }
    EXPECT_EQ(runAndJudge(mod, *kernel, problem, /*seed=*/3), "");
  }
};

// Neither declared sorted nor rising.
TEST_P(GpuSkips, DocumentsOfUnsortedIds) {
  const ModProgram mod = parsed(kDocuments);
  Problem problem(mod, shape(), 1);
  const Tensor ids = problem.allocate(DType::I32, {1, kKeys});
  constexpr int32_t kIds[] = {7, -3, 9, 1};
  for (int64_t i = 0; i < kKeys; ++i)
    at<int32_t>(ids, {0, i}) = kIds[i / 128];
  problem.setBuffer("id", ids);
  problem.args.qOffset.scalar = 256;
  runWith(mod, problem, std::array<int64_t, 2>{4, 5});
}

TEST_P(GpuSkips, PaddingOfAMaskTensor) {
  const ModProgram mod = parsed("mod plain\n");
  Shape padded = shape();
  padded.mask = MaskKind::PerKey;
  Problem problem(mod, padded, 1);
  const Tensor mask = problem.allocate(DType::Bool, {1, 1, 1, kKeys});
  for (int64_t i = 0; i < kKeys; ++i)
    at<uint8_t>(mask, {0, 0, 0, i}) = i >= 130 && i < 200;
  problem.args.mask = mask;
  runWith(mod, problem, std::array<int64_t, 2>{2, 3});
}

// Of the 128 queries, half see the keys of one block, half those of another.
TEST_P(GpuSkips, BlocksBetweenThoseOfTwoParts) {
  const ModProgram mod = parsed("mask = q // 64 * 7 % 13 == kv // 64\n");
  Problem problem(mod, shape(), 1);
  problem.args.qOffset.scalar = GetParam() == Entry::Decode ? 62 : 0;
  runWith(mod, problem, std::array<int64_t, 2>{0, 7});
}

INSTANTIATE_TEST_SUITE_P(Entries, GpuSkips,
                         testing::Values(Entry::Prefill, Entry::Decode),
                         [](const auto &info) {
                           return std::string(nameOf(info.param));
                         });

} // namespace
