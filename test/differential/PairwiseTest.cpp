//===- PairwiseTest.cpp - The cover of shapes holds what it promises ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Pairwise.h"
#include "Shape.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

using namespace attnjit::test;

TEST(Pairwise, CoversEveryPair) {
  const std::vector<int> levels = {4, 3, 2, 5, 2};
  std::vector<Row> rows =
      coverPairs(levels, 7, [](const Row &) { return true; });
  std::set<std::tuple<size_t, int, size_t, int>> seen;
  size_t wanted = 0;
  for (size_t f = 0; f < levels.size(); ++f)
    for (size_t g = f + 1; g < levels.size(); ++g) {
      wanted += levels[f] * levels[g];
      for (const Row &row : rows)
        seen.insert({f, row[f], g, row[g]});
    }
  EXPECT_EQ(seen.size(), wanted);
  // The product of the two largest is the least; greedy comes close.
  EXPECT_LE(rows.size(), 30u);
}

TEST(Pairwise, KeepsToWhatIsAllowed) {
  const std::vector<int> levels = {4, 4, 4};
  auto allowed = [](const Row &row) {
    return row[0] < 0 || row[1] < 0 || row[0] + row[1] <= 4;
  };
  for (const Row &row : coverPairs(levels, 7, allowed))
    EXPECT_TRUE(allowed(row));
}

TEST(Pairwise, ShapesHoldEveryLengthWithEveryLayout) {
  std::set<std::tuple<int64_t, Layout>> queries, keys;
  std::set<int64_t> headDims;
  for (const Shape &shape : coveringShapes()) {
    queries.insert({shape.Sq, shape.layout});
    keys.insert({shape.Skv, shape.layout});
    headDims.insert(shape.D);
  }
  EXPECT_EQ(queries.size(), 7u * 6u);
  EXPECT_EQ(keys.size(), 7u * 6u);
  EXPECT_EQ(headDims.size(), 11u);
  EXPECT_LE(coveringShapes().size(), 130u);
}
