//===- CaptureTest.cpp - Scalars and declarations -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scalars compare by bits; declarations by content.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/Capture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace attnjit;

namespace {

TEST(Scalar, ComparesByBits) {
  EXPECT_EQ(Scalar::f32(NAN), Scalar::f32(NAN));
  EXPECT_NE(Scalar::f32(0.0f), Scalar::f32(-0.0f));
  EXPECT_NE(Scalar::i32(1), Scalar::boolean(true));
  EXPECT_NE(Scalar::i32(-1), Scalar::i64(-1));
}

TEST(Scalar, GivesItsValueBack) {
  for (int32_t value : {0, 1, -1, std::numeric_limits<int32_t>::min(),
                        std::numeric_limits<int32_t>::max()}) {
    EXPECT_EQ(Scalar::i32(value).asI32(), value);
    EXPECT_EQ(Scalar::i32(value).bits >> 32, 0u);
    EXPECT_EQ(Scalar::i64(value).asI64(), value);
  }
  EXPECT_EQ(Scalar::f32(-1.5f).asF32(), -1.5f);
  EXPECT_TRUE(Scalar::boolean(true).asBool());
  EXPECT_EQ(Scalar::boolean(true).bits, 1u);
}

TEST(BufferDecl, LoadsWiden) {
  auto valueType = [](DType element) {
    BufferDecl decl;
    decl.element = element;
    return decl.valueType();
  };
  EXPECT_EQ(valueType(DType::F32), Type::F32);
  EXPECT_EQ(valueType(DType::F16), Type::F32);
  EXPECT_EQ(valueType(DType::BF16), Type::F32);
  EXPECT_EQ(valueType(DType::I32), Type::I32);
  EXPECT_EQ(valueType(DType::I64), Type::I32);
  EXPECT_EQ(valueType(DType::U8), Type::I32);
  EXPECT_EQ(valueType(DType::Bool), Type::Bool);
}

TEST(BufferDecl, ComparesByContent) {
  BufferDecl decl{"x", DType::F32, {Dim::of(Size::Hq), Dim::any()}, {}, {}, {}};
  BufferDecl other = decl;
  EXPECT_EQ(decl, other);
  other.dims[1] = Dim::fixed(4);
  EXPECT_NE(decl, other);
  other = decl;
  other.sorted = true;
  EXPECT_NE(decl, other);
  other = decl;
  other.range = {Scalar::f32(0), Scalar::f32(1)};
  EXPECT_NE(decl, other);
}

TEST(Names, Sizes) {
  EXPECT_EQ(name(Size::B), "B");
  EXPECT_EQ(name(Size::Skv), "Skv");
  EXPECT_EQ(name(Size::HqGlobal), "Hq_global");
  EXPECT_EQ(name(Type::I64), "i64");
}

} // namespace
