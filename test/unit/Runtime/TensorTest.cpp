//===- TensorTest.cpp - Tests of tensor views -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Tensor.h"
#include "attnjit/Runtime/TensorChecks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <set>

using namespace attnjit;
using testing::HasSubstr;

static void *address(uintptr_t value) {
  return reinterpret_cast<void *>(value);
}

TEST(Tensor, ContiguousStridesAreRowMajor) {
  float data;
  Tensor t = Tensor::contiguous(&data, DType::F32, {2, 3, 4, 5});
  EXPECT_EQ(t.rank, 4);
  EXPECT_THAT(t.shape, testing::ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(t.stride, testing::ElementsAre(60, 20, 5, 1));
  EXPECT_EQ(t.elements(), 120);
  EXPECT_EQ(Tensor::contiguous(&data, DType::F32, {}).elements(), 1);
}

TEST(Tensor, TooManyAxesAreRememberedNotStored) {
  Tensor t = Tensor::contiguous(address(64), DType::F32, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(t.rank, 6);
  EXPECT_EQ(t.describe(), "f32 of rank 6");
  ASSERT_FALSE(checkView("x", t));
}

TEST(Tensor, DescribesShapeAndOddStrides) {
  Tensor t = Tensor::contiguous(address(64), DType::BF16, {1, 32, 2048, 128});
  EXPECT_EQ(t.describe(), "bf16[1, 32, 2048, 128]");
  t.stride[0] = 77; // of one element: no matter
  EXPECT_EQ(t.describe(), "bf16[1, 32, 2048, 128]");
  t.stride[2] = 256;
  EXPECT_EQ(t.describe(),
            "bf16[1, 32, 2048, 128] with strides [77, 262144, 256, 1]");
  EXPECT_EQ(Tensor::contiguous(address(64), DType::I32, {}).describe(),
            "i32[]");
}

// The oracle enumerates every element's address.
TEST(Tensor, ByteRangeCoversEveryElement) {
  std::mt19937 random(20240611);
  for (int round = 0; round < 2000; ++round) {
    Tensor t;
    t.data = address(1 << 20);
    t.dtype = static_cast<DType>(random() % 7);
    t.rank = static_cast<int>(random() % 5);
    for (int axis = 0; axis < t.rank; ++axis) {
      t.shape[axis] = random() % 5;
      t.stride[axis] = static_cast<int64_t>(random() % 41) - 20;
    }
    std::vector<int64_t> offsets = {0};
    for (int axis = 0; axis < t.rank; ++axis) {
      std::vector<int64_t> next;
      for (int64_t base : offsets)
        for (int64_t i = 0; i < t.shape[axis]; ++i)
          next.push_back(base + i * t.stride[axis]);
      offsets = next;
    }
    Expected<Tensor::ByteRange> range = t.byteRange();
    ASSERT_TRUE(range);
    if (offsets.empty()) {
      EXPECT_EQ(range->begin, range->end) << t.describe();
      continue;
    }
    auto [low, high] = std::minmax_element(offsets.begin(), offsets.end());
    EXPECT_EQ(range->begin, (1 << 20) + *low * sizeBytes(t.dtype))
        << t.describe();
    EXPECT_EQ(range->end, (1 << 20) + (*high + 1) * sizeBytes(t.dtype))
        << t.describe();

    // Distinctness may be refused for distinct elements, never the reverse.
    bool distinct = std::set<int64_t>(offsets.begin(), offsets.end()).size() ==
                    offsets.size();
    if (checkDistinctElements("x", t))
      EXPECT_TRUE(distinct) << t.describe();
  }
}

TEST(Tensor, ExtentsPastTheAddressSpaceAreErrors) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  struct Case {
    int64_t size0, stride0, size1, stride1;
  };
  for (Case c :
       {Case{kMax, 1, 1, 0}, Case{2, kMax, 1, 1}, Case{2, kMin, 1, 1},
        Case{kMax, kMax, 2, 2}, Case{kMin, 1, 2, 2},
        Case{int64_t(1) << 32, int64_t(1) << 31, 2, 1}, Case{2, -4096, 1, 1}}) {
    Tensor t =
        Tensor::contiguous(address(4096), DType::F32, {c.size0, c.size1});
    t.stride = {c.stride0, c.stride1};
    EXPECT_FALSE(t.byteRange()) << t.describe();
    EXPECT_FALSE(checkView("x", t)) << t.describe();
  }
}

TEST(Tensor, ViewChecksNameWhatIsWrong) {
  auto message = [](const Tensor &t) {
    Expected<void> ok = checkView("thing", t);
    return ok ? std::string("no error") : ok.error().message();
  };
  Tensor good = Tensor::contiguous(address(64), DType::F32, {2, 3});
  EXPECT_EQ(message(good), "no error");

  Tensor t = good;
  t.data = nullptr;
  EXPECT_THAT(message(t), HasSubstr("`thing` is f32[2, 3] with null data"));
  EXPECT_TRUE(checkView("thing", t, Use::Shape));
  t.shape[1] = 0; // no element, no data needed
  EXPECT_EQ(message(t), "no error");
  // More elements than 64 bits count, all at one place.
  t = Tensor::contiguous(nullptr, DType::F32, {65536, 65536, 65536, 65536});
  t.stride = {};
  EXPECT_THAT(message(t), HasSubstr("null data"));
  t = good;
  t.data = address(66);
  EXPECT_THAT(message(t), HasSubstr("multiple of 4 bytes"));
  t = good;
  t.rank = -1;
  EXPECT_THAT(message(t), HasSubstr("rank -1"));
  t.rank = 5;
  EXPECT_THAT(message(t), HasSubstr("rank 5"));
  t = good;
  t.shape[0] = -2;
  EXPECT_THAT(message(t), HasSubstr("axis 0 has a negative size"));
  t = good;
  t.dtype = static_cast<DType>(42);
  EXPECT_THAT(message(t), HasSubstr("unknown element type 42"));
}

TEST(TensorChecks, OutputsMayNotAliasThemselves) {
  Tensor t = Tensor::contiguous(address(64), DType::F32, {2, 3, 4});
  EXPECT_TRUE(checkDistinctElements("out", t));
  std::swap(t.stride[0], t.stride[2]); // any order of axes is fine
  std::swap(t.shape[0], t.shape[2]);
  EXPECT_TRUE(checkDistinctElements("out", t));
  t.stride[1] = 0;
  EXPECT_FALSE(checkDistinctElements("out", t));
  t.shape[1] = 1;
  EXPECT_TRUE(checkDistinctElements("out", t));
  t = Tensor::contiguous(address(64), DType::F32, {2, 3, 4});
  t.stride[0] = 11; // the second block begins within the first
  EXPECT_FALSE(checkDistinctElements("out", t));
  t.stride[0] = std::numeric_limits<int64_t>::min();
  t.shape[0] = 1;
  EXPECT_TRUE(checkDistinctElements("out", t));
}
