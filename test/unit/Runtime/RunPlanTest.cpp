//===- RunPlanTest.cpp - Entry points and work items ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunPlan.h"

#include <gtest/gtest.h>

using namespace attnjit;

static const EntryPoint kPoint = {
    .launcher = nullptr, .blockRows = 48, .partialWidth = 8};

static RunSizes sizesOf(int64_t B, int64_t Hq, int64_t Hkv, int64_t Sq,
                        int64_t Skv) {
  return {B, Hq, Hkv, Sq, Skv, 64, 64};
}

TEST(ChooseEntry, FewQueriesDecode) {
  KernelSignature signature;
  signature.strip = 24;
  auto chosen = [&](int64_t Sq) {
    return chooseEntry(signature, sizesOf(1, 8, 8, Sq, 1000));
  };
  for (int64_t Sq : {1, 2, 16, 18, 25, 36})
    EXPECT_EQ(chosen(Sq), Entry::Decode) << Sq;
  for (int64_t Sq : {19, 24, 37, 48, 49, 50, 1000})
    EXPECT_EQ(chosen(Sq), Entry::Prefill) << Sq;
  signature.strip = 32;
  for (int64_t Sq : {1, 2, 27, 33, 54})
    EXPECT_EQ(chosen(Sq), Entry::Decode) << Sq;
  for (int64_t Sq : {28, 32, 55, 64, 65, 1000})
    EXPECT_EQ(chosen(Sq), Entry::Prefill) << Sq;
  signature.prefillOnly = true;
  EXPECT_EQ(chosen(1), Entry::Prefill);
}

TEST(RunPlan, PrefillHasAnItemForEachBlockOfQueries) {
  RunPlan plan = planRun(Entry::Prefill, kPoint, sizesOf(2, 6, 3, 100, 50));
  EXPECT_EQ(plan.items, 2 * 6 * 3);
  EXPECT_EQ(plan.partialRows, 0);
  EXPECT_EQ(planRun(Entry::Prefill, kPoint, sizesOf(2, 6, 3, 0, 50)).items, 0);
}

TEST(RunPlan, ItemsShrinkWhereThreadsWouldWait) {
  const RunSizes sizes = sizesOf(1, 4, 4, 96, 1000);
  RunPlan plan = planRun(Entry::Prefill, kPoint, sizes); // 8 items of 48
  ASSERT_EQ(plan.itemQueries, 48);
  auto fair = [&](int slots, std::vector<uint32_t> costs = {}) {
    return fairItemQueries(plan, 12, slots, costs);
  };
  // Eight items are as many for each.
  for (int slots : {1, 2, 4, 8})
    EXPECT_EQ(fair(slots), 48) << slots;
  // Five threads take two turns of whole items; halves take four of the half.
  EXPECT_EQ(fair(5), 48);
  // Three take three turns; of halves, six of the half and their overhead.
  EXPECT_EQ(fair(3), 48);
  EXPECT_EQ(fair(16), 24);
  EXPECT_EQ(fair(100), 12);
  // Two thirds of the work are one item.
  EXPECT_EQ(fair(2, {1, 1, 1, 1, 1, 1, 1, 14}), 36);
  EXPECT_EQ(fair(4, {1, 1, 1, 1, 1, 1, 1, 14}), 24);
  EXPECT_EQ(fair(2, {1, 1, 1, 1, 1, 1, 1, 1}), 48);
  EXPECT_EQ(fair(2, {0, 0, 0, 0, 0, 0, 0, 0}), 48);
  EXPECT_EQ(fair(1, {0, 0, 0, 0, 0, 0, 0, 9}), 48);
  EXPECT_EQ(planPrefill(sizes, 12).items, 4 * 8);
}

/// Splits cover the keys without gap or overlap, none is empty, and all begin
/// at a multiple of every kernel's block.
TEST(RunPlan, DecodeSplitsCoverTheKeys) {
  for (int64_t B : {1, 3, 64})
    for (int64_t Hkv : {1, 8})
      for (int64_t group : {1, 7, 49})
        for (int64_t Skv : {1, 511, 1023, 1024, 5000, 65536, 1000003}) {
          RunSizes sizes = sizesOf(B, Hkv * group, Hkv, 1, Skv);
          RunPlan plan = planRun(Entry::Decode, kPoint, sizes);
          EXPECT_EQ(plan.cells, B * Hkv * (group > 48 ? 2 : 1));
          ASSERT_GE(plan.splitKeys, 1);
          EXPECT_EQ(plan.splitKeys % 64, 0);
          ASSERT_EQ(plan.items % plan.cells, 0);
          int64_t splits = plan.items / plan.cells;
          EXPECT_LT((splits - 1) * plan.splitKeys, Skv);
          EXPECT_GE(splits * plan.splitKeys, Skv);
          EXPECT_EQ(plan.partialRows > 0, splits > 1);
          EXPECT_TRUE(splits == 1 || plan.splitKeys >= 512);
          // Partial results take a bounded amount of memory.
          EXPECT_LE(splits == 1 ? 0 : plan.items, 512);
        }
}

TEST(RunPlan, DecodeOfNothing) {
  EXPECT_EQ(planRun(Entry::Decode, kPoint, sizesOf(0, 4, 2, 1, 9)).items, 0);
  EXPECT_EQ(planRun(Entry::Decode, kPoint, sizesOf(2, 4, 2, 0, 9)).items, 0);
  // Rows without keys have values.
  EXPECT_EQ(planRun(Entry::Decode, kPoint, sizesOf(2, 4, 2, 1, 0)).items, 4);
}
