//===- FiniteScoresTest.cpp - Whether a run's scores can overflow ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FiniteScores.h"

#include "RunFixture.h"

#include <cmath>
#include <limits>

using namespace attnjit;

namespace {

class FiniteScoresTest : public RunFixture {
protected:
  bool areFinite(float scale = 1) {
    Expected<RunSizes> sizes = checkRunArgs(signature, args);
    EXPECT_TRUE(sizes) << sizes.error().message();
    auto executor = makeThreadedExecutor(2);
    Expected<bool> finite = areScoresFinite(args, *sizes, scale, *executor,
                                            executor->concurrency());
    EXPECT_TRUE(finite) << finite.error().message();
    return *finite;
  }
};

TEST_F(FiniteScoresTest, EveryElementCounts) {
  EXPECT_TRUE(areFinite());
  for (float bad : {std::numeric_limits<float>::infinity(),
                    -std::numeric_limits<float>::infinity(),
                    std::numeric_limits<float>::quiet_NaN(), 3e38f, -3e38f})
    for (auto *data : {&qData, &kData})
      for (size_t at : {size_t(0), data->size() / 2, data->size() - 1}) {
        const float before = (*data)[at];
        (*data)[at] = bad;
        EXPECT_FALSE(areFinite()) << bad << " at " << at;
        (*data)[at] = before;
      }
  EXPECT_TRUE(areFinite());
}

TEST_F(FiniteScoresTest, TheBoundIsThatOfTheProduct) {
  std::ranges::fill(qData, 1e6f);
  std::ranges::fill(kData, -1e6f);
  EXPECT_TRUE(areFinite(1e3f));  // 3e15
  EXPECT_FALSE(areFinite(1e6f)); // 3e18 is above 2^59
  EXPECT_FALSE(areFinite(-1e6f));
  EXPECT_FALSE(areFinite(std::numeric_limits<float>::quiet_NaN()));
}

TEST_F(FiniteScoresTest, HalvesAreReadAsSuch) {
  signature.dtype = DType::F16;
  std::vector<uint16_t> halves(kData.size() + qData.size(), 0x3c00); // 1
  std::vector<uint16_t> values(vData.size()), outs(outData.size());
  auto tensors = [&](DType dtype) {
    signature.dtype = dtype;
    args.q = Tensor::contiguous(halves.data(), dtype, {kB, kHq, kSq, kD});
    args.k = Tensor::contiguous(halves.data(), dtype, {kB, kHkv, kSkv, kD});
    args.v = Tensor::contiguous(values.data(), dtype, {kB, kHkv, kSkv, kDv});
    args.out = Tensor::contiguous(outs.data(), dtype, {kB, kHq, kSq, kDv});
  };
  tensors(DType::F16);
  EXPECT_TRUE(areFinite());
  halves[5] = 0xfc00; // -inf
  EXPECT_FALSE(areFinite());
  halves[5] = 0x7bff; // 65504, the largest: 1.3e10 in all
  EXPECT_TRUE(areFinite());
  EXPECT_FALSE(areFinite(1e9f));
  halves[5] = 0x0001; // the least
  EXPECT_TRUE(areFinite(1e9f));
  tensors(DType::BF16);
  EXPECT_TRUE(areFinite());
  halves[5] = 0x7f7f; // 3.4e38
  EXPECT_FALSE(areFinite());
  halves[5] = 0xff80; // -inf
  EXPECT_FALSE(areFinite());
}

} // namespace
