//===- RunFixture.h - Arguments of a small lawful run -----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensors with their memory, and a signature they fit: what each test then
// makes wrong in one place.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_RUNTIME_RUNFIXTURE_H
#define ATTNJIT_TEST_UNIT_RUNTIME_RUNFIXTURE_H

#include "attnjit/Runtime/Kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace attnjit {

class RunFixture : public testing::Test {
protected:
  static constexpr int64_t kB = 2, kHq = 4, kHkv = 2, kSq = 5, kSkv = 7, kD = 3,
                           kDv = 6;

  RunFixture()
      : qData(kB * kHq * kSq * kD, 1), kData(kB * kHkv * kSkv * kD, 1),
        vData(kB * kHkv * kSkv * kDv, 1),
        outData(kB * kHq * kSq * kDv, kUntouched),
        lseData(kB * kHq * kSq, kUntouched), maskData(kB * kHq * kSq * kSkv, 1),
        slopeData(kHq, 1), idData(kB * kSkv, 0), offsetData(kB, 0) {
    signature.D = kD;
    signature.Dv = kDv;
    signature.params = {{"window", Type::I32, Scalar::i32(16)},
                        {"cap", Type::F32, std::nullopt},
                        {"flag", Type::Bool, Scalar::boolean(true)}};
    signature.buffers = {
        declare("slopes", DType::F32, {Dim::of(Size::Hq)}),
        declare("ids", DType::I32, {Dim::any(), Dim::of(Size::Skv)}),
        declare("pair", DType::U8, {Dim::fixed(2)})};
    signature.paramSource = {0, 1, 2};
    signature.bufferSource = {0, 1};

    args.q = Tensor::contiguous(qData.data(), DType::F32, {kB, kHq, kSq, kD});
    args.k = Tensor::contiguous(kData.data(), DType::F32, {kB, kHkv, kSkv, kD});
    args.v =
        Tensor::contiguous(vData.data(), DType::F32, {kB, kHkv, kSkv, kDv});
    args.out =
        Tensor::contiguous(outData.data(), DType::F32, {kB, kHq, kSq, kDv});
    args.captures = {
        {"cap", Scalar::f32(50)},
        {"slopes", Tensor::contiguous(slopeData.data(), DType::F32, {kHq})},
        {"ids", Tensor::contiguous(idData.data(), DType::I32, {kB, kSkv})}};
  }

  static BufferDecl declare(std::string name, DType element,
                            std::vector<Dim> dims) {
    BufferDecl decl;
    decl.name = std::move(name);
    decl.element = element;
    decl.dims = std::move(dims);
    return decl;
  }

  Tensor lseTensor() {
    return Tensor::contiguous(lseData.data(), DType::F32, {kB, kHq, kSq});
  }
  Tensor maskTensor() {
    return Tensor::contiguous(maskData.data(), DType::Bool,
                              {kB, kHq, kSq, kSkv});
  }
  Tensor offsetTensor() {
    return Tensor::contiguous(offsetData.data(), DType::I32, {kB});
  }

  CaptureArg &capture(std::string_view name) {
    for (CaptureArg &capture : args.captures)
      if (capture.name == name)
        return capture;
    ADD_FAILURE() << "no capture " << name;
    return args.captures[0];
  }

  /// What checkRunArgs says, or "no error".
  std::string check() const {
    Expected<RunSizes> sizes = checkRunArgs(signature, args);
    if (sizes)
      return "no error";
    EXPECT_EQ(sizes.error().kind(), ErrorKind::InvalidArgument);
    return sizes.error().message();
  }

  static constexpr float kUntouched = -123;
  std::vector<float> qData, kData, vData, outData, lseData;
  std::vector<uint8_t> maskData;
  std::vector<float> slopeData;
  std::vector<int32_t> idData, offsetData;
  KernelSignature signature;
  RunArgs args;
};

} // namespace attnjit

#endif // ATTNJIT_TEST_UNIT_RUNTIME_RUNFIXTURE_H
