//===- DLPackTest.cpp - Tests of tensors of other libraries ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/DLPack.h"

#include "RunFixture.h"

#include <dlpack/dlpack.h>

using namespace attnjit;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
class DLPack : public RunFixture {
protected:
  DLPack() {
    tensor.data = qData.data();
    tensor.device = {kDLCPU, 0};
    tensor.ndim = 4;
    tensor.dtype = {kDLFloat, 32, 1};
    tensor.shape = shape;
  }
  std::string refusal() const {
    Expected<Tensor> view = tensorFromDLPack(tensor);
    if (view)
      return "no error";
    EXPECT_EQ(view.error().kind(), ErrorKind::InvalidArgument);
    return view.error().message();
  }
  DLTensor tensor = {};
  int64_t shape[4] = {kB, kHq, kSq, kD};
  int64_t strides[4] = {60, 3, 12, 1};
};
} // namespace

TEST_F(DLPack, GivesTheSameMemory) {
  Expected<Tensor> view = tensorFromDLPack(tensor);
  ASSERT_TRUE(view) << view.error().message();
  EXPECT_EQ(view->describe(), args.q.describe());
  EXPECT_EQ(view->data, qData.data());
  EXPECT_EQ(view->place, Place::Host);
  tensor.strides = strides;
  tensor.byte_offset = 240;
  view = tensorFromDLPack(tensor);
  ASSERT_TRUE(view);
  EXPECT_THAT(view->stride, ElementsAre(60, 3, 12, 1));
  EXPECT_EQ(view->data, qData.data() + 60);
}

TEST_F(DLPack, KnowsElementTypesByCodeAndSize) {
  struct Case {
    uint8_t code, bits;
    DType dtype;
  };
  // 6 is kDLBool, which the header has since DLPack 0.8.
  for (Case c : {Case{kDLFloat, 32, DType::F32},
                 {kDLFloat, 16, DType::F16},
                 {kDLBfloat, 16, DType::BF16},
                 {kDLInt, 32, DType::I32},
                 {kDLInt, 64, DType::I64},
                 {kDLUInt, 8, DType::U8},
                 {6, 8, DType::Bool}}) {
    tensor.dtype = {c.code, c.bits, 1};
    Expected<Tensor> view = tensorFromDLPack(tensor);
    ASSERT_TRUE(view) << view.error().message();
    EXPECT_EQ(view->dtype, c.dtype);
  }
}

TEST_F(DLPack, RefusesWhatNoTensorIs) {
  tensor.dtype = {kDLFloat, 64, 1};
  EXPECT_THAT(refusal(), HasSubstr("type code 2, 64 bits and 1 lanes"));
  tensor.dtype = {kDLFloat, 32, 4};
  EXPECT_THAT(refusal(), HasSubstr("4 lanes"));
  tensor.dtype = {kDLFloat, 32, 1};
  tensor.ndim = 5;
  EXPECT_THAT(refusal(), HasSubstr("has 5 axes; it should have 0 to 4"));
  tensor.ndim = -1;
  EXPECT_THAT(refusal(), HasSubstr("has -1 axes"));
  tensor.ndim = 4;
  tensor.shape = nullptr;
  EXPECT_THAT(refusal(), HasSubstr("has no shape"));
  tensor.shape = shape;
  tensor.device = {kDLVulkan, 0};
  EXPECT_THAT(refusal(), HasSubstr("a device of type 7"));
}

TEST_F(DLPack, ScalarsAndEmptyTensorsHaveNoMemoryToOffset) {
  tensor.ndim = 0;
  tensor.shape = nullptr;
  ASSERT_TRUE(tensorFromDLPack(tensor));
  tensor.data = nullptr;
  tensor.byte_offset = 64;
  Expected<Tensor> view = tensorFromDLPack(tensor);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->data, nullptr);
}

// A pointer into a GPU's memory must not reach code that would follow it.
TEST_F(DLPack, KernelsForTheCpuRefuseAGpusMemory) {
  tensor.device = {kDLCUDA, 1};
  Expected<Tensor> view = tensorFromDLPack(tensor);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->place, Place::Gpu);
  args.q = *view;
  EXPECT_EQ(check(), "`q` lies in the memory of a GPU; it should lie in host "
                     "memory, for the kernel runs on the CPU");
  signature.deviceMemory = true;
  EXPECT_EQ(check(), "no error");
  args.k.place = Place::Host;
  EXPECT_THAT(check(), HasSubstr("`k` lies in host memory; it should lie in "
                                 "the memory of the GPU"));
}
