//===- DriverTest.cpp - Tests of the driver, opened at run time -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaFixture.h"

using namespace attnjit;
using namespace attnjit::cuda;
using testing::HasSubstr;

namespace {
using DriverTest = OnFakeCuda<testing::Test>;
} // namespace

TEST_F(DriverTest, ASharedObjectIsOpened) {
  auto opened = Driver::open(ATTNJIT_FAKE_CUDA);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ((*opened)->version().text(), "13.0");
  Expected<DeviceInfo> device = (*opened)->device(0);
  ASSERT_TRUE(device);
  EXPECT_EQ(device->describe(), "cuda:0 (Fake H100, sm_90)");
  // Not the functions that this test is linked with.
  EXPECT_EQ(fake.countOf("cuInit"), 0);
}

TEST_F(DriverTest, NoDriverIsAnError) {
  auto none = Driver::open("libattnjit-no-such-driver.so.1");
  EXPECT_EQ(kindOf(none), ErrorKind::Environment);
  EXPECT_THAT(messageOf(none), HasSubstr("no CUDA driver: "));
  EXPECT_THAT(messageOf(none), HasSubstr("libattnjit-no-such-driver.so.1"));
  auto other = Driver::open("libm.so.6");
  EXPECT_EQ(messageOf(other),
            "no CUDA driver: `libm.so.6` has no `cuInit`; kernels need a "
            "driver of CUDA 11.0 or later");
}

TEST_F(DriverTest, ADriverThatDoesNotInitialiseIsAnError) {
  fake.failOnce("cuInit", Status(803)); // without a name in the fake
  auto made = Driver::create(test::fakeTable());
  EXPECT_EQ(messageOf(made),
            "cannot initialise the CUDA driver (CUDA 13.0): an error without a "
            "name (803: the driver has no description)");
  fake.failOnce("cuDriverGetVersion", kInvalidValue);
  EXPECT_THAT(messageOf(Driver::create(test::fakeTable())),
              HasSubstr("for its version: CUDA_ERROR_INVALID_VALUE (1: "));
}

TEST_F(DriverTest, AMachineWithoutAGpuHasADriver) {
  fake.devices.clear();
  fake.version = 12080;
  Driver::Ptr made = driver();
  EXPECT_EQ(made->version().text(), "12.8");
  EXPECT_EQ(made->deviceCount().value_or(-1), 0);
  EXPECT_EQ(messageOf(made->device(0)),
            "no GPU: the CUDA driver (CUDA 12.8) finds no device");
  EXPECT_EQ(kindOf(Context::open(made, 0)), ErrorKind::Environment);
}

TEST_F(DriverTest, DevicesAreDescribed) {
  test::FakeDevice second;
  second.name = std::string(300, 'x'); // longer than there is room for
  second.major = 12;
  second.sharedBytesPerBlock = 101376;
  fake.devices.push_back(second);
  Driver::Ptr made = driver();
  EXPECT_EQ(made->deviceCount().value_or(-1), 2);
  Expected<DeviceInfo> info = made->device(1);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->sm(), "sm_120");
  EXPECT_EQ(info->name, std::string(255, 'x'));
  EXPECT_EQ(info->sharedBytesPerBlock, 101376);
  EXPECT_EQ(info->multiprocessors, 132);
  EXPECT_EQ(info->memoryBytes, 1 << 30);
  for (int index : {-1, 2})
    EXPECT_THAT(messageOf(made->device(index)),
                HasSubstr("this machine has 2: `cuda:0` to `cuda:1`"));
  for (const char *symbol :
       {"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName",
        "cuDeviceTotalMem_v2", "cuDeviceGetAttribute"}) {
    fake.failOnce(symbol, kInvalidValue);
    EXPECT_THAT(messageOf(made->device(0)),
                HasSubstr("CUDA_ERROR_INVALID_VALUE"))
        << symbol;
  }
}

TEST_F(DriverTest, AnErrorOfLostContextsSaysSo) {
  Driver::Ptr made = driver();
  Error error = made->toError(kIllegalAddress, "cannot do it");
  EXPECT_EQ(error.kind(), ErrorKind::Environment);
  EXPECT_THAT(error.message(),
              testing::StartsWith("cannot do it: CUDA_ERROR_ILLEGAL_ADDRESS "
                                  "(700: the fake's description); "));
  EXPECT_THAT(error.message(), HasSubstr("context in this process is lost"));
  EXPECT_EQ(made->toError(kOutOfMemory, "cannot do it").message(),
            "cannot do it: CUDA_ERROR_OUT_OF_MEMORY (2: the fake's "
            "description)");
}

TEST(CudaVersion, OfAPtxIsa) {
  EXPECT_EQ(cudaOfPtxIsa(7, 0).text(), "11.0");
  EXPECT_EQ(cudaOfPtxIsa(7, 8).text(), "11.8");
  EXPECT_EQ(cudaOfPtxIsa(8, 0).text(), "12.0");
  EXPECT_EQ(cudaOfPtxIsa(8, 1).text(), "12.1");
  EXPECT_EQ(cudaOfPtxIsa(8, 6).text(), "12.7");
  EXPECT_EQ(cudaOfPtxIsa(8, 7).text(), "12.8");
  EXPECT_EQ(cudaOfPtxIsa(8, 8).text(), "12.9");
  EXPECT_EQ(cudaOfPtxIsa(9, 0).text(), "13.0");
}
