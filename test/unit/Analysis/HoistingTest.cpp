//===- HoistingTest.cpp - What pairs share --------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formula.h"

#include "attnjit/Analysis/Hoisting.h"

#include <gtest/gtest.h>

using namespace attnjit;
using namespace attnjit::test;

namespace {

const X q = Var::Q, kv = Var::Kv, h = Var::H;

X table(const X &subscript) {
  return Expr::load({"table", DType::I32, {Dim::any()}, {}, false, false},
                    {&subscript.e, 1});
}

using Values = std::vector<SharedValue>;

TEST(Hoisting, LargestPartsAreListedOnce) {
  X hook = table(h) * (kv - q) + table(table(q)) * kv + table(h);
  EXPECT_EQ(findSharedValues(hook),
            (Values{{table(h), SharedBy::Head},
                    {table(table(q)), SharedBy::Query},
                    {table(h) * (kv - q), SharedBy::Distance}}));
}

TEST(Hoisting, DistancesMayBeSummedInAnyOrder) {
  X offset = table(h);
  X distance = (q + offset) - (kv + 3);
  Values values = findSharedValues(abs(distance) * kv);
  ASSERT_FALSE(values.empty());
  EXPECT_EQ(values.back(), (SharedValue{abs(distance), SharedBy::Distance}));
  // 2 q - kv is no distance, and neither is q * kv.
  for (X pair : {q + q - kv, q * kv})
    for (const SharedValue &value : findSharedValues(pair % 7))
      EXPECT_NE(value.by, SharedBy::Distance);
}

TEST(Hoisting, ReductionsAreTakenAsAWhole) {
  X any = reduce(ReduceKind::Any, 0, 4,
                 [&](X t) { return table(t + h) == table(q + t); });
  EXPECT_EQ(findSharedValues(any & (kv < 5)),
            (Values{{any, SharedBy::Query}, {kv < 5, SharedBy::Key}}));
}

TEST(Hoisting, LeavesAndPairsAreNotListed) {
  EXPECT_TRUE(findSharedValues({}).empty());
  EXPECT_TRUE(findSharedValues(q >= kv).empty());
  EXPECT_TRUE(findSharedValues(X(Var::H) * q * kv + Var::Kv * q).size() <= 1);
}

} // namespace
