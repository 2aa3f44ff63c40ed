//===- KernelKeyTest.cpp - When two kernels are the same ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelKey.h"

#include "attnjit/Spec/Schedule.h"

#include "EngineTesting.h"

#include <set>

using namespace attnjit;
using testing::HasSubstr;

namespace {

std::string keyOf(std::string_view text,
                  const AttentionSpec &spec = AttentionSpec::of(64),
                  const PrefillSchedule &schedule = {}) {
  return kernelKey(canonicalize(parseText(text)), spec, schedule.keyText(),
                   TargetSpec());
}

TEST(KernelKeyTest, NamesTheBuildThatMadeTheCode) {
  // A SHA-1, as the linker is asked for.
  EXPECT_THAT(compilerBuildId(), testing::MatchesRegex("[0-9a-f]{40}"));
  EXPECT_THAT(keyOf(""), HasSubstr(compilerBuildId()));
  EXPECT_THAT(keyOf(""), HasSubstr("x86-64-v3"));
}

TEST(KernelKeyTest, EveryFieldOfSpecAndScheduleIsInIt) {
  std::set<std::string> keys;
  auto isNew = [&](const AttentionSpec &spec, const PrefillSchedule &schedule) {
    return keys.insert(keyOf(kCausal, spec, schedule)).second;
  };
  AttentionSpec spec = AttentionSpec::of(64);
  PrefillSchedule schedule;
  EXPECT_TRUE(isNew(spec, schedule));
  EXPECT_FALSE(isNew(spec, schedule));
  auto other = [](auto value, auto field, auto changed) {
    value.*field = changed;
    return value;
  };
  EXPECT_TRUE(isNew(other(spec, &AttentionSpec::D, 32), schedule));
  EXPECT_TRUE(isNew(other(spec, &AttentionSpec::Dv, 32), schedule));
  EXPECT_TRUE(isNew(other(spec, &AttentionSpec::dtype, DType::F16), schedule));
  EXPECT_TRUE(isNew(other(spec, &AttentionSpec::maskTensor, true), schedule));
  EXPECT_TRUE(isNew(other(spec, &AttentionSpec::dropout, true), schedule));
  for (auto field : {&PrefillSchedule::lanes, &PrefillSchedule::rows,
                     &PrefillSchedule::columns, &PrefillSchedule::blockQ,
                     &PrefillSchedule::blockKv})
    EXPECT_TRUE(isNew(spec, other(schedule, field, 7)));
}

TEST(KernelKeyTest, SpellingIsNotInIt) {
  EXPECT_EQ(keyOf("mask = q >= kv\n"),
            keyOf("mod m\nlet x = q\nmask = kv <= x\n"));
  EXPECT_EQ(keyOf("param a : i32 = 1\nmask = q < a\n"),
            keyOf("param c : i32\nmask = q < c\n"));
  EXPECT_EQ(keyOf("const c : i32 = 5\nmask = q < c\n"),
            keyOf("mask = q < 5\n"));
}

TEST(KernelKeyTest, MeaningIs) {
  std::set<std::string> keys;
  for (std::string_view text :
       {"", "mask = q >= kv\n", "mask = q > kv\n", "score = score + 1.0\n",
        "score = score + 1.0000001\n", "prob = prob * 2.0\n", "sink = f32(h)\n",
        "normalize = none\n", "score = score * f32(q)\n",
        "param a : i32\nscore = score * a\n",
        "param a : f32\nscore = score * a\n",
        "buffer a : f32[Hq]\nscore = score * a[h]\n",
        "buffer a : f16[Hq]\nscore = score * a[h]\n",
        "buffer a : f32[Hq, 1]\nscore = score * a[h, 0]\n"})
    EXPECT_TRUE(keys.insert(keyOf(text)).second) << text;
}

} // namespace
