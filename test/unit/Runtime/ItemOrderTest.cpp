//===- ItemOrderTest.cpp - In which order work items run ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ItemOrder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace attnjit;

static std::vector<int64_t> orderOf(const std::vector<uint32_t> &costs,
                                    int64_t perHead) {
  std::vector<int64_t> order(costs.size());
  if (!orderByCost(costs, perHead, order))
    return {};
  return order;
}

TEST(ItemOrder, CostlyItemsOfAHeadComeFirst) {
  EXPECT_THAT(orderOf({1, 2, 3, 1, 2, 3}, 3),
              testing::ElementsAre(2, 1, 0, 5, 4, 3));
  // Ties stay as they are.
  EXPECT_THAT(orderOf({2, 1, 2, 2}, 4), testing::ElementsAre(0, 2, 3, 1));
}

TEST(ItemOrder, HeadsOfOneItemAreOrderedThemselves) {
  EXPECT_THAT(orderOf({1, 7, 3}, 1), testing::ElementsAre(1, 2, 0));
}

TEST(ItemOrder, EvenCostsNeedNoOrder) {
  EXPECT_TRUE(orderOf({4, 4, 4, 4}, 2).empty());
  EXPECT_TRUE(orderOf({}, 2).empty());
}

TEST(ItemOrder, HoldsEveryItemOnce) {
  std::mt19937 random(5);
  for (int turn = 0; turn < 200; ++turn) {
    std::vector<uint32_t> costs(1 + random() % 50);
    for (uint32_t &cost : costs)
      cost = random() % 5;
    std::vector<int64_t> order = orderOf(costs, 1 + random() % 7);
    if (order.empty())
      continue;
    std::sort(order.begin(), order.end());
    for (size_t i = 0; i < order.size(); ++i)
      EXPECT_EQ(order[i], static_cast<int64_t>(i));
  }
}
