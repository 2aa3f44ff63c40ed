//===- CheckCapturesTest.cpp - Tests of refusing bad captured values ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunFixture.h"

#include <algorithm>

using namespace attnjit;
using testing::AllOf;
using testing::HasSubstr;

namespace {
class CheckCaptures : public RunFixture {
protected:
  void remove(std::string_view name) {
    std::erase_if(args.captures,
                  [&](const CaptureArg &c) { return c.name == name; });
  }
  Tensor &buffer(std::string_view name) {
    return std::get<Tensor>(capture(name).value);
  }
};
} // namespace

TEST_F(CheckCaptures, Missing) {
  remove("cap");
  EXPECT_THAT(check(), HasSubstr("param `cap` is missing"));
  args.captures.push_back({"cap", Scalar::f32(1)});
  remove("ids");
  EXPECT_THAT(check(), HasSubstr("buffer `ids` is missing"));
  signature.bufferSource = {0}; // the compiled code does not use it
  EXPECT_EQ(check(), "no error");
  signature.paramSource = {};
  remove("cap");
  EXPECT_EQ(check(), "no error");
}

TEST_F(CheckCaptures, SurplusAndTwice) {
  args.captures.push_back({"cpa", Scalar::f32(1)});
  EXPECT_THAT(check(), AllOf(HasSubstr("`cpa` is given"),
                             HasSubstr("captures nothing of that name")));
  args.captures.back().name = "cap";
  EXPECT_THAT(check(), HasSubstr("`cap` is given twice"));
  args.captures.assign(1'000'000, {"cap", Scalar::f32(1)});
  EXPECT_THAT(check(), HasSubstr("`cap` is given twice"));
}

TEST_F(CheckCaptures, ScalarTypes) {
  auto give = [&](std::string_view name, Scalar value) {
    remove(name);
    args.captures.push_back({name, value});
    return check();
  };
  EXPECT_EQ(give("cap", Scalar::i32(3)), "no error"); // i32 converts to f32
  EXPECT_THAT(give("cap", Scalar::boolean(true)),
              HasSubstr("param `cap` is given a value of type bool; it should "
                        "be f32"));
  EXPECT_THAT(give("cap", Scalar::i64(3)), HasSubstr("type i64"));
  give("cap", Scalar::f32(3));
  EXPECT_THAT(give("window", Scalar::f32(3)), HasSubstr("should be i32"));
  EXPECT_EQ(give("window", Scalar::i32(3)), "no error");
  EXPECT_THAT(give("flag", Scalar::i32(1)), HasSubstr("should be bool"));
}

TEST_F(CheckCaptures, ScalarForTensorAndTensorForScalar) {
  capture("cap").value =
      Tensor::contiguous(slopeData.data(), DType::F32, {kHq});
  EXPECT_THAT(check(), HasSubstr("param `cap` is given a tensor"));
  capture("cap").value = Scalar::f32(1);
  capture("slopes").value = Scalar::f32(1);
  EXPECT_THAT(check(), HasSubstr("buffer `slopes` is given a scalar"));
}

TEST_F(CheckCaptures, BufferShapes) {
  buffer("slopes").shape[0] = 3;
  EXPECT_THAT(check(), AllOf(HasSubstr("buffer `slopes` is f32[3]"),
                             HasSubstr("declared as Hq, which is 4")));
  buffer("slopes").shape[0] = kHq;
  buffer("ids").shape[0] = 1; // any
  EXPECT_EQ(check(), "no error");
  buffer("ids").shape[1] = 6;
  EXPECT_THAT(check(), HasSubstr("declared as Skv, which is 7"));
  buffer("ids").shape[1] = kSkv;
  buffer("ids").rank = 1;
  EXPECT_THAT(check(), HasSubstr("declared with rank 2"));
}

TEST_F(CheckCaptures, FixedDimensionsAndBytes) {
  uint8_t pair[2] = {};
  args.captures.push_back({"pair", Tensor::contiguous(pair, DType::U8, {2})});
  EXPECT_EQ(check(), "no error"); // declared, not used, still checked
  buffer("pair").shape[0] = 3;
  EXPECT_THAT(check(), HasSubstr("axis 0 is 3; it is declared as 2"));
  buffer("pair").shape[0] = 2;
  buffer("pair").dtype = DType::Bool;
  EXPECT_THAT(check(), HasSubstr("declared with element type u8"));
}

TEST_F(CheckCaptures, BufferElementsNullAndStrides) {
  buffer("slopes").dtype = DType::I32;
  EXPECT_THAT(check(), HasSubstr("declared with element type f32"));
  buffer("slopes").dtype = DType::F32;
  buffer("slopes").stride[0] = 0;
  EXPECT_EQ(check(), "no error");
  buffer("slopes").stride[0] = -1;
  buffer("slopes").data = slopeData.data() + kHq - 1;
  EXPECT_EQ(check(), "no error");
  buffer("slopes").data = nullptr;
  EXPECT_THAT(check(), HasSubstr("`slopes` is f32[4] with"));
  buffer("ids").shape[0] = int64_t(1) << 31;
  buffer("ids").stride = {0, 1};
  buffer("slopes").data = slopeData.data() + kHq - 1;
  EXPECT_THAT(check(), HasSubstr("axis 0 should be below 2^31"));
}

// A local dimension under an offset: an error only where no position of some
// batch entry can reach it.
TEST_F(CheckCaptures, LocalDimensionsUnderAnOffset) {
  signature.bufferAxisUse.resize(2);
  signature.bufferAxisUse[1][1].byKv = true; // ids[b, kv], dim Skv = 7
  EXPECT_EQ(check(), "no error");
  args.kvOffset.scalar = 6;
  EXPECT_EQ(check(), "no error");
  args.kvOffset.scalar = 7;
  EXPECT_THAT(check(),
              AllOf(HasSubstr("buffer `ids`"), HasSubstr("Skv = 7"),
                    HasSubstr("from 7 to 13"), HasSubstr("`kv_local`")));
  args.kvOffset.scalar = -6;
  EXPECT_EQ(check(), "no error");
  args.kvOffset.scalar = -7;
  EXPECT_THAT(check(), HasSubstr("from -7 to -1"));
  args.kvOffset.scalar = 0;
  offsetData = {0, 7};
  args.kvOffset.perBatch = offsetTensor();
  EXPECT_THAT(check(), HasSubstr("`kv_local`"));
  args.kvOffset.perBatch.reset();

  signature.bufferAxisUse[1][1] = {.byQ = true};
  args.qOffset.scalar = 7;
  EXPECT_THAT(check(), HasSubstr("`q_local`"));
  args.qOffset.scalar = 6;
  EXPECT_EQ(check(), "no error");
  // Global dimensions, of any size, are the author's business.
  args.qOffset.scalar = 1000;
  signature.bufferAxisUse[1] = {};
  signature.bufferAxisUse[1][0].byQ = true;
  EXPECT_EQ(check(), "no error");
}
