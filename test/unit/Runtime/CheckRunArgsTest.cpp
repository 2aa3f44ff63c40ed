//===- CheckRunArgsTest.cpp - Tests of refusing bad tensors of a run ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunFixture.h"

#include <cmath>
#include <limits>

using namespace attnjit;
using testing::AllOf;
using testing::HasSubstr;

using CheckRunArgs = RunFixture;

TEST_F(CheckRunArgs, LawfulRunGivesItsSizes) {
  Expected<RunSizes> sizes = checkRunArgs(signature, args);
  ASSERT_TRUE(sizes) << sizes.error().message();
  EXPECT_EQ(sizes->B, kB);
  EXPECT_EQ(sizes->Hq, kHq);
  EXPECT_EQ(sizes->Hkv, kHkv);
  EXPECT_EQ(sizes->Sq, kSq);
  EXPECT_EQ(sizes->Skv, kSkv);
  EXPECT_EQ(sizes->D, kD);
  EXPECT_EQ(sizes->Dv, kDv);
}

TEST_F(CheckRunArgs, Rank) {
  args.k = Tensor::contiguous(kData.data(), DType::F32, {kB, kHkv, kSkv * kD});
  EXPECT_THAT(check(), AllOf(HasSubstr("`k` is f32[2, 2, 21], of rank 3"),
                             HasSubstr("rank 4: [B, Hkv, Skv, D]")));
}

TEST_F(CheckRunArgs, ShapeOfEachTensor) {
  struct Case {
    Tensor RunArgs::*tensor;
    int axis;
    std::string_view message;
  };
  for (Case c : {Case{&RunArgs::q, 3, "`q` is f32[2, 4, 5, 2]"},
                 Case{&RunArgs::k, 0, "axis 0 is 1; it should be B = 2"},
                 Case{&RunArgs::k, 3, "axis 3 is 2; it should be D = 3"},
                 Case{&RunArgs::v, 0, "it should be B = 2"},
                 Case{&RunArgs::v, 1, "it should be Hkv = 2"},
                 Case{&RunArgs::v, 2, "it should be Skv = 7"},
                 Case{&RunArgs::v, 3, "it should be Dv = 6"},
                 Case{&RunArgs::out, 0, "`out` is"},
                 Case{&RunArgs::out, 1, "it should be Hq = 4"},
                 Case{&RunArgs::out, 2, "it should be Sq = 5"},
                 Case{&RunArgs::out, 3, "it should be Dv = 6"}}) {
    RunArgs good = args;
    (args.*c.tensor).shape[c.axis] -= 1;
    EXPECT_THAT(check(), HasSubstr(std::string(c.message)));
    args = good;
  }
}

TEST_F(CheckRunArgs, ElementType) {
  args.v.dtype = DType::I32;
  EXPECT_THAT(check(), AllOf(HasSubstr("`v` is i32[2, 2, 7, 6]"),
                             HasSubstr("should be f32")));
}

TEST_F(CheckRunArgs, LastAxisIsContiguous) {
  for (Tensor RunArgs::*tensor :
       {&RunArgs::q, &RunArgs::k, &RunArgs::v, &RunArgs::out}) {
    RunArgs good = args;
    (args.*tensor).stride[3] = 0;
    EXPECT_THAT(check(), HasSubstr("the stride of its last axis is 0"));
    (args.*tensor).stride[3] = -1;
    EXPECT_THAT(check(), HasSubstr("it should be 1"));
    args = good;
  }
}

TEST_F(CheckRunArgs, OtherStridesOfInputsAreFree) {
  args.q.stride[0] = 0;
  args.k.stride[1] = 0;
  args.v.data = vData.data() + (kSkv - 1) * kDv;
  args.v.stride[2] = -kDv; // keys from last to first
  EXPECT_EQ(check(), "no error");
}

TEST_F(CheckRunArgs, OutputsDoNotAliasThemselves) {
  args.out.stride[1] = 0;
  EXPECT_THAT(check(), HasSubstr("`out` is f32[2, 4, 5, 6] with strides"));
  args.out =
      Tensor::contiguous(outData.data(), DType::F32, {kB, kHq, kSq, kDv});
  args.lse = lseTensor();
  args.lse->stride[2] = 0;
  EXPECT_THAT(check(), AllOf(HasSubstr("`lse`"), HasSubstr("share memory")));
}

TEST_F(CheckRunArgs, NullAndMisaligned) {
  args.q.data = nullptr;
  EXPECT_THAT(check(), HasSubstr("`q` is f32[2, 4, 5, 3] with null data"));
  args.q.data = reinterpret_cast<char *>(qData.data()) + 2;
  EXPECT_THAT(check(), HasSubstr("the data of `q` is not aligned"));
}

TEST_F(CheckRunArgs, Groups) {
  signature.buffers.clear();
  signature.bufferSource.clear();
  args.captures.resize(1);
  args.k.shape[1] = args.v.shape[1] = 3;
  args.k.stride = args.v.stride = {0, 0, 0, 1};
  EXPECT_THAT(check(), HasSubstr("Hq is 4 and Hkv is 3"));
  args.k.shape[1] = args.v.shape[1] = 0;
  EXPECT_THAT(check(), HasSubstr("Hq is 4 and Hkv is 0"));
  args.q.shape[1] = args.out.shape[1] = 0;
  EXPECT_EQ(check(), "no error");
}

TEST_F(CheckRunArgs, OutputsOverlapNothing) {
  args.lse = lseTensor();
  args.mask = maskTensor();
  signature.maskTensor = true;
  args.qOffset.perBatch = args.kvOffset.perBatch = offsetTensor();
  ASSERT_EQ(check(), "no error");
  const RunArgs good = args;
  void *out = outData.data();

  struct Case {
    std::function<void()> damage;
    std::string_view message;
  };
  for (const Case &c : {
           Case{[&] { args.q.data = out; }, "`out` overlaps `q`"},
           Case{[&] { args.k.data = out; }, "`out` overlaps `k`"},
           Case{[&] { args.v.data = out; }, "`out` overlaps `v`"},
           Case{[&] { args.mask->data = out; }, "`out` overlaps `mask`"},
           Case{[&] { args.qOffset.perBatch->data = out; },
                "`out` overlaps `q_offset`"},
           Case{[&] { args.lse->data = out; }, "`out` overlaps `lse`"},
           Case{[&] { args.lse->data = qData.data(); }, "`lse` overlaps `q`"},
           Case{[&] { args.lse->data = kData.data(); }, "`lse` overlaps `k`"},
           Case{[&] {
                  std::get<Tensor>(capture("slopes").value).data =
                      outData.data() + outData.size() - 1;
                },
                "`out` overlaps `slopes`"},
       }) {
    args = good;
    c.damage();
    if (c.message.find("slopes") != std::string_view::npos) {
      // Only the last element of out is the first of slopes.
      outData.resize(outData.size() + kHq);
      args.out.data = outData.data();
      std::get<Tensor>(capture("slopes").value).data =
          outData.data() + kB * kHq * kSq * kDv - 1;
    }
    EXPECT_THAT(check(), HasSubstr(std::string(c.message)));
  }
  // Side by side is not overlap.
  args = good;
  args.out.data = outData.data();
  std::get<Tensor>(capture("slopes").value).data =
      outData.data() + kB * kHq * kSq * kDv;
  EXPECT_EQ(check(), "no error");
}

TEST_F(CheckRunArgs, Lse) {
  args.lse = lseTensor();
  EXPECT_EQ(check(), "no error");
  signature.softmax = false;
  EXPECT_THAT(check(), HasSubstr("normalize = none"));
  signature.softmax = true;
  args.lse->shape[2] = 4;
  EXPECT_THAT(check(), HasSubstr("`lse` is f32[2, 4, 4]"));
  args.lse = lseTensor();
  args.lse->dtype = DType::I32;
  EXPECT_THAT(check(), HasSubstr("`lse` is i32"));
}

TEST_F(CheckRunArgs, MaskTensor) {
  args.mask = maskTensor();
  EXPECT_THAT(check(), HasSubstr("compiled without a mask tensor"));
  signature.maskTensor = true;
  EXPECT_EQ(check(), "no error");

  for (auto shape : {std::vector<int64_t>{},
                     {kSkv},
                     {kSq, 1},
                     {1, kSq, kSkv},
                     {kB, 1, 1, kSkv},
                     {1, 1, 1, 1}}) {
    args.mask = Tensor::contiguous(maskData.data(), DType::Bool, shape);
    EXPECT_EQ(check(), "no error") << args.mask->describe();
  }
  for (auto shape : {std::vector<int64_t>{kSq},
                     {kSkv, kSq},
                     {2, kSq, kSkv},
                     {3, 1, 1, 1},
                     {0}}) {
    args.mask = Tensor::contiguous(maskData.data(), DType::Bool, shape);
    EXPECT_THAT(check(), HasSubstr("[2, 4, 5, 7]")) << args.mask->describe();
  }
  args.mask = maskTensor();
  args.mask->dtype = DType::U8;
  EXPECT_THAT(check(), HasSubstr("should be bool"));
  args.mask = maskTensor();
  args.mask->stride[3] = 0; // expanded
  EXPECT_EQ(check(), "no error");
  args.mask->stride[3] = -1;
  args.mask->data = maskData.data() + kSkv;
  EXPECT_THAT(check(), HasSubstr("last axis is -1"));
  args.mask.reset();
  EXPECT_THAT(check(), HasSubstr("`mask` is missing"));
}

TEST_F(CheckRunArgs, ScaleMayBeAnyFloat) {
  for (float scale : {0.0f, -1.0f, INFINITY, NAN}) {
    args.scale = scale;
    EXPECT_EQ(check(), "no error");
  }
}

TEST_F(CheckRunArgs, Offsets) {
  args.qOffset.scalar = std::numeric_limits<int32_t>::max() - kSq;
  args.kvOffset.scalar = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(check(), "no error");
  args.qOffset.scalar += 1;
  EXPECT_THAT(check(), AllOf(HasSubstr("`q_offset` reaches 2147483643"),
                             HasSubstr("below 2^31")));
  args.qOffset.scalar = 0;
  offsetData = {0, std::numeric_limits<int32_t>::max()};
  args.kvOffset.perBatch = offsetTensor();
  EXPECT_THAT(check(), HasSubstr("`kv_offset` reaches 2147483647"));
  args.kvOffset.perBatch->shape[0] = 1;
  EXPECT_THAT(check(), HasSubstr("axis 0 is 1; it should be B = 2"));
  args.kvOffset.perBatch = offsetTensor();
  args.kvOffset.perBatch->dtype = DType::F32;
  EXPECT_THAT(check(), HasSubstr("`kv_offset` is f32[2]"));
  args.kvOffset.perBatch = offsetTensor();
  args.kvOffset.perBatch->data = nullptr;
  EXPECT_THAT(check(), HasSubstr("`kv_offset` is i32[2] with null data"));
}

TEST_F(CheckRunArgs, Dropout) {
  args.dropout = DropoutArg{0.5, 1, 2};
  EXPECT_THAT(check(), HasSubstr("compiled without dropout"));
  args.deterministic = true;
  EXPECT_EQ(check(), "no error");
  args.deterministic = false;
  signature.dropout = true;
  EXPECT_EQ(check(), "no error");
  for (double bad : {1.0, -0.1, 2.0, double(NAN), double(INFINITY)}) {
    args.dropout->rate = bad;
    EXPECT_THAT(check(), HasSubstr("the rate of `dropout` is"));
  }
  args.dropout.reset();
  EXPECT_EQ(check(), "no error");
}

TEST_F(CheckRunArgs, HugeSizesAreErrorsNotOverflow) {
  // Inputs of stride 0 may have any size; positions and sizes are i32.
  args.q.stride = {0, 0, 0, 1};
  args.q.shape[2] = int64_t(1) << 31;
  EXPECT_THAT(check(), HasSubstr("Sq is 2147483648; it should be below 2^31"));
  args.q.shape[2] = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(check(), HasSubstr("below 2^31"));
  args.q.shape[0] = args.q.shape[1] = args.q.shape[2] = 0x7fffffff;
  args.k.shape[0] = args.v.shape[0] = 0x7fffffff;
  args.k.stride[0] = args.v.stride[0] = 0;
  args.k.shape[1] = args.v.shape[1] = 0x7fffffff;
  args.k.stride[1] = args.v.stride[1] = 0;
  args.out.shape = {0x7fffffff, 0x7fffffff, 0x7fffffff, kDv};
  args.out.stride = {int64_t(1) << 62, int64_t(1) << 61, kDv, 1};
  EXPECT_THAT(check(), HasSubstr("does not fit in the address space"));
}

TEST_F(CheckRunArgs, ModArgsNeedNoData) {
  args.q.data = args.k.data = args.v.data = nullptr;
  args.out = Tensor();
  EXPECT_TRUE(checkModArgs(signature, args));
  args.k.shape[0] = 9;
  EXPECT_FALSE(checkModArgs(signature, args));
}
