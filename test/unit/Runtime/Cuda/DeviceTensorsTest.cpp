//===- DeviceTensorsTest.cpp - Tests of tensors copied to a GPU -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaFixture.h"
#include "RunFixture.h"

#include "attnjit/Runtime/Cuda/DeviceTensors.h"

#include <cstring>

using namespace attnjit;
using namespace attnjit::cuda;
using testing::HasSubstr;

namespace {
using DeviceTensorsTest = OnFakeCuda<RunFixture>;
} // namespace

TEST_F(DeviceTensorsTest, CopiesEverythingThereAndTheResultsBack) {
  args.lse = lseTensor();
  args.mask = maskTensor();
  args.kvOffset.perBatch = offsetTensor();
  for (size_t i = 0; i < vData.size(); ++i)
    vData[i] = float(i);
  Context::Ptr gpu = context();
  auto copy = DeviceTensors::copy(gpu, args);
  ASSERT_TRUE(copy) << copy.error().message();
  ASSERT_TRUE(gpu->synchronize());
  const RunArgs &run = copy->args();
  for (auto [there, here, bytes] :
       {std::tuple{run.v.data, args.v.data, vData.size() * 4},
        {run.lse->data, args.lse->data, lseData.size() * 4},
        {run.mask->data, args.mask->data, maskData.size()},
        {run.kvOffset.perBatch->data, args.kvOffset.perBatch->data,
         size_t(kB * 4)},
        {std::get<Tensor>(run.captures[2].value).data,
         std::get<Tensor>(args.captures[2].value).data, idData.size() * 4}}) {
    ASSERT_NE(there, here);
    EXPECT_EQ(std::memcmp(there, here, bytes), 0);
  }
  EXPECT_EQ(run.q.place, Place::Gpu);
  EXPECT_EQ(args.q.place, Place::Unstated);
  static_cast<float *>(run.out.data)[7] = 42;
  static_cast<float *>(run.lse->data)[3] = 43;
  static_cast<float *>(run.v.data)[0] = 44;
  ASSERT_TRUE(copy->copyBack());
  EXPECT_EQ(outData[7], 42);
  EXPECT_EQ(outData[8], kUntouched);
  EXPECT_EQ(lseData[3], 43);
  EXPECT_EQ(vData[0], 0); // an input
}

// A view into a larger tensor, with rows in reverse order.
TEST_F(DeviceTensorsTest, KeepsStridesAndWhatLiesBetween) {
  args.out.shape[2] = args.q.shape[2] = 2;
  args.out.stride[2] = -2 * kDv;
  args.out.data = outData.data() + 2 * kDv;
  Context::Ptr gpu = context();
  auto copy = DeviceTensors::copy(gpu, args);
  ASSERT_TRUE(copy) << copy.error().message();
  ASSERT_TRUE(gpu->synchronize());
  auto *rows = static_cast<float *>(copy->args().out.data);
  EXPECT_EQ(copy->args().out.stride[2], -2 * kDv);
  rows[0] = 1;        // row 0, which lies behind
  rows[-2 * kDv] = 2; // row 1
  ASSERT_TRUE(copy->copyBack());
  EXPECT_EQ(outData[2 * kDv], 1);
  EXPECT_EQ(outData[0], 2);
  EXPECT_EQ(outData[kDv], kUntouched);
}

TEST_F(DeviceTensorsTest, ErrorsNameTheTensor) {
  Context::Ptr gpu = context();
  args.v.data = nullptr;
  EXPECT_THAT(messageOf(DeviceTensors::copy(gpu, args)),
              HasSubstr("`v` is f32[2, 2, 7, 6] with null data"));
  args.v.data = vData.data();
  fake.failOnce("cuMemAlloc_v2", kOutOfMemory, 1);
  EXPECT_THAT(messageOf(DeviceTensors::copy(gpu, args)),
              HasSubstr("bytes for `k` on cuda:0"));
  fake.failOnce("cuMemcpyHtoDAsync_v2", kInvalidValue, 2);
  EXPECT_THAT(messageOf(DeviceTensors::copy(gpu, args)),
              HasSubstr("cannot copy `v` to the GPU"));
  auto copy = DeviceTensors::copy(gpu, args);
  ASSERT_TRUE(copy);
  for (const char *symbol : {"cuMemcpyDtoHAsync_v2", "cuStreamSynchronize"}) {
    fake.failOnce(symbol, kInvalidValue);
    EXPECT_THAT(messageOf(copy->copyBack()),
                HasSubstr("cannot copy the results from the GPU"));
  }
}
