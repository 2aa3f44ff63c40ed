//===- SpecTest.cpp - Tests of AttentionSpec and TargetSpec ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Spec/AttentionSpec.h"
#include "attnjit/Spec/GpuSchedule.h"
#include "attnjit/Spec/Schedule.h"
#include "attnjit/Spec/TargetSpec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

using namespace attnjit;
using testing::HasSubstr;

static std::string messageOf(const Expected<void> &result) {
  return result ? "no error" : result.error().message();
}

TEST(AttentionSpec, AcceptsEveryHeadSizeToTheLimit) {
  for (int64_t D = 1; D <= 512; ++D)
    for (DType dtype : {DType::F32, DType::F16, DType::BF16})
      EXPECT_EQ(messageOf(AttentionSpec::of(D, dtype).check()), "no error");
}

TEST(AttentionSpec, NamesTheFieldOutOfRange) {
  for (int64_t bad :
       {int64_t(0), int64_t(-1), int64_t(513), INT64_MIN, INT64_MAX}) {
    AttentionSpec spec = AttentionSpec::of(64);
    spec.D = bad;
    EXPECT_THAT(messageOf(spec.check()), HasSubstr("`D` is"));
    EXPECT_THAT(messageOf(spec.check()), HasSubstr("1 to 512"));
    spec = AttentionSpec::of(64);
    spec.Dv = bad;
    EXPECT_THAT(messageOf(spec.check()), HasSubstr("`Dv` is"));
  }
  for (DType bad :
       {DType::I32, DType::I64, DType::U8, DType::Bool, static_cast<DType>(99)})
    EXPECT_THAT(messageOf(AttentionSpec::of(64, bad).check()),
                HasSubstr("f32, f16 or bf16"));
}

TEST(AttentionSpec, KeyTextTellsAnyTwoApart) {
  std::set<std::string> texts;
  int count = 0;
  for (int64_t D : {1, 12, 64})
    for (int64_t Dv : {1, 12, 64})
      for (DType dtype : {DType::F32, DType::F16, DType::BF16})
        for (bool mask : {false, true})
          for (bool dropout : {false, true}) {
            texts.insert(AttentionSpec{D, Dv, dtype, mask, dropout}.keyText());
            ++count;
          }
  EXPECT_EQ(static_cast<int>(texts.size()), count);
}

TEST(TargetSpec, ParsesItsOwnName) {
  EXPECT_EQ(TargetSpec{CpuLevel::V3}.name(), "x86-64-v3");
  EXPECT_EQ(TargetSpec{CpuLevel::V4}.name(), "x86-64-v4");
  for (const auto *targets : {&TargetSpec::cpus(), &TargetSpec::gpus()})
    for (const TargetSpec &target : *targets) {
      Expected<TargetSpec> parsed = TargetSpec::parse(target.name());
      ASSERT_TRUE(parsed);
      EXPECT_EQ(*parsed, target);
    }
}

TEST(TargetSpec, PicksTheBestForAGpu) {
  auto nameOf = [](int major, int minor) {
    auto target = TargetSpec::ofGpu(major, minor);
    return target ? std::string(target->name()) : "none";
  };
  EXPECT_EQ(nameOf(7, 5), "none");
  EXPECT_EQ(nameOf(8, 0), "sm_80");
  EXPECT_EQ(nameOf(8, 6), "sm_86");
  EXPECT_EQ(nameOf(8, 7), "sm_86");
  EXPECT_EQ(nameOf(8, 9), "sm_89");
  EXPECT_EQ(nameOf(9, 0), "sm_90");
  EXPECT_EQ(nameOf(10, 3), "sm_100");
  // No target of its own: the driver compiles the PTX of a lesser one.
  EXPECT_EQ(nameOf(11, 0), "sm_100");
  EXPECT_EQ(nameOf(12, 1), "sm_120");
  EXPECT_EQ(nameOf(13, 0), "sm_120");
  for (const TargetSpec &target : TargetSpec::gpus()) {
    EXPECT_TRUE(target.isGpu());
    EXPECT_FALSE(target.runsHere());
    EXPECT_EQ(nameOf(target.gpu().major, target.gpu().minor), target.name());
  }
}

TEST(TargetSpec, ListsWhatIsKnown) {
  for (std::string_view bad :
       {"", "x86-64", "x86-64-v3 ", "X86-64-V3", "x86-64-v5"}) {
    Expected<TargetSpec> parsed = TargetSpec::parse(bad);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().kind(), ErrorKind::InvalidArgument);
    EXPECT_THAT(parsed.error().message(),
                HasSubstr("`host`, `x86-64-v3`, `x86-64-v4`"));
  }
}

TEST(TargetSpec, HostIsWhatRunsHere) {
  Expected<TargetSpec> host = TargetSpec::host();
  EXPECT_EQ(host.has_value(), TargetSpec{CpuLevel::V3}.runsHere());
  Expected<TargetSpec> parsed = TargetSpec::parse("host");
  ASSERT_EQ(parsed.has_value(), host.has_value());
  if (host) {
    EXPECT_EQ(*parsed, *host);
    // The widest that runs.
    for (const TargetSpec &target : TargetSpec::cpus())
      EXPECT_TRUE(target == *host || !target.runsHere() ||
                  target.machine < host->machine);
  } else {
    EXPECT_EQ(host.error().kind(), ErrorKind::Unsupported);
  }
}

/// What the kernels take for granted of every schedule.
TEST(Schedule, FitsItsLoops) {
  for (const TargetSpec &target : TargetSpec::cpus())
    for (int64_t D : {1, 64, 65, 128, 129, 256, 257, 512}) {
      SCOPED_TRACE(testing::Message() << target.name() << ", D = " << D);
      const AttentionSpec spec = AttentionSpec::of(D);
      const PrefillSchedule p = PrefillSchedule::choose(spec, target);
      EXPECT_EQ(p.lanes, target.is(CpuLevel::V4) ? 16 : 8);
      EXPECT_TRUE(p.rows == 4 || p.rows == 8);
      EXPECT_EQ(p.blockQ % p.strip(), 0);
      EXPECT_EQ(p.blockKv % p.rows, 0);
      const DecodeSchedule d = DecodeSchedule::choose(spec, target);
      EXPECT_EQ(d.lanes, p.lanes);
      EXPECT_EQ(d.keys, 4);
      EXPECT_EQ(d.blockKv % d.lanes, 0);
      // Splits of the keys begin at multiples of 64.
      EXPECT_EQ(64 % d.blockKv, 0);
    }
}

TEST(GpuSchedule, FitsEveryTarget) {
  for (const TargetSpec &target : TargetSpec::gpus())
    for (Entry entry : {Entry::Prefill, Entry::Decode})
      for (DType dtype : {DType::F32, DType::F16, DType::BF16})
        for (int64_t D = 1; D <= kMaxGpuHeadDim; D += 5)
          for (int64_t Dv = 1; Dv <= kMaxGpuHeadDim; Dv += 5) {
            auto s = GpuSchedule::choose({D, Dv, dtype}, target, entry);
            ASSERT_TRUE(s);
            ASSERT_LE(s->sharedBytes(), target.gpu().sharedBytes)
                << target.name() << " " << D << " " << Dv;
            // A product takes eight keys of f32, 16 of others; the merge of
            // decode a row with eight threads.
            EXPECT_EQ(s->warpKeys() % (dtype == DType::F32 ? 8 : 16), 0);
            EXPECT_EQ(s->blockKv % 16, 0);
            if (entry == Entry::Decode)
              EXPECT_EQ(s->threads(), 8 * s->blockRows());
            // Rows are swizzled by the bits of their addresses.
            for (int64_t bytes :
                 {s->keyOffset(), s->valueOffset(), s->stageBytes()})
              EXPECT_EQ(bytes % SharedRows::kSwizzledBytes, 0);
            // What decode leaves there does not reach the words behind it.
            EXPECT_GE(s->walkOffset(), s->sumsBytes());
          }
}
