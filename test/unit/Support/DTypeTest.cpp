//===- DTypeTest.cpp - 16-bit conversions and names -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle of a conversion is the sorted list of all finite values of the
// 16-bit type: the nearest of them, the even one of two.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/DType.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <vector>

using namespace attnjit;

namespace {

struct Half {
  static float widen(uint16_t bits) { return halfToFloat(bits); }
  static uint16_t narrow(float value) { return floatToHalf(value); }
  static constexpr int kMantissaBits = 10, kBias = 15;
};
struct Bfloat {
  static float widen(uint16_t bits) { return bfloatToFloat(bits); }
  static uint16_t narrow(float value) { return floatToBfloat(value); }
  static constexpr int kMantissaBits = 7, kBias = 127;
};

template <typename Format> class DTypeTest : public testing::Test {
protected:
  static constexpr int kExponents = 0x8000 >> Format::kMantissaBits;
  static constexpr uint16_t kInfinity = (kExponents - 1)
                                        << Format::kMantissaBits;

  /// The value by definition of the format.
  static double valueOf(uint16_t bits) {
    int exponent = (bits & 0x7fff) >> Format::kMantissaBits;
    int mantissa = bits & ((1 << Format::kMantissaBits) - 1);
    if (exponent != 0)
      mantissa += 1 << Format::kMantissaBits;
    double magnitude =
        std::ldexp(mantissa, std::max(exponent, 1) - Format::kBias -
                                 Format::kMantissaBits);
    return bits & 0x8000 ? -magnitude : magnitude;
  }

  /// Nearest, ties to even; what would be the next finite value is infinity.
  static uint16_t nearest(float value) {
    double magnitude = std::fabs(static_cast<double>(value));
    uint16_t low = 0, high = kInfinity;
    while (high - low > 1) {
      uint16_t middle = (low + high) / 2;
      (valueOf(middle) <= magnitude ? low : high) = middle;
    }
    double below = magnitude - valueOf(low);
    double above = valueOf(high) - magnitude; // infinity's pattern: 2^(max+1)
    uint16_t result = below < above   ? low
                      : above < below ? high
                      : low % 2 == 0  ? low
                                      : high;
    return result | (std::signbit(value) ? 0x8000 : 0);
  }
};

using Formats = testing::Types<Half, Bfloat>;
TYPED_TEST_SUITE(DTypeTest, Formats);

TYPED_TEST(DTypeTest, WidensEveryPatternExactly) {
  for (int i = 0; i < 0x10000; ++i) {
    auto bits = static_cast<uint16_t>(i);
    float value = TypeParam::widen(bits);
    uint16_t magnitude = bits & 0x7fff;
    if (magnitude > this->kInfinity) {
      EXPECT_TRUE(std::isnan(value)) << std::hex << i;
      EXPECT_TRUE(std::isnan(TypeParam::widen(TypeParam::narrow(value))));
      continue;
    }
    EXPECT_EQ(std::signbit(value), (bits & 0x8000) != 0) << std::hex << i;
    if (magnitude == this->kInfinity)
      EXPECT_TRUE(std::isinf(value));
    else
      EXPECT_EQ(static_cast<double>(value), this->valueOf(bits))
          << std::hex << i;
    EXPECT_EQ(TypeParam::narrow(value), bits) << std::hex << i;
  }
}

TYPED_TEST(DTypeTest, NarrowsToNearestEven) {
  auto check = [&](float value) {
    EXPECT_EQ(TypeParam::narrow(value), this->nearest(value))
        << std::hexfloat << value;
  };
  std::mt19937 random(20240501);
  for (int i = 0; i < 200000; ++i) {
    float value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::isfinite(value))
      check(value);
  }
  // Every tie between neighbours, and the floats on both sides of it.
  for (int i = 0; i < this->kInfinity; ++i) {
    double tie = (this->valueOf(static_cast<uint16_t>(i)) +
                  this->valueOf(static_cast<uint16_t>(i + 1))) /
                 2;
    auto middle = static_cast<float>(tie);
    ASSERT_EQ(static_cast<double>(middle), tie);
    check(middle);
    check(std::nextafter(middle, 0.0f));
    if (std::isfinite(std::nextafter(middle, INFINITY)))
      check(std::nextafter(middle, INFINITY));
  }
}

TYPED_TEST(DTypeTest, KeepsSpecialValues) {
  EXPECT_EQ(TypeParam::narrow(INFINITY), this->kInfinity);
  EXPECT_EQ(TypeParam::narrow(-INFINITY), this->kInfinity | 0x8000);
  for (uint32_t payload : {1u, 0x1000u, 0x3fffffu, 0x400000u, 0x7fffffu})
    for (uint32_t sign : {0u, 0x80000000u}) {
      auto nan = std::bit_cast<float>(sign | 0x7f800000u | payload);
      EXPECT_TRUE(std::isnan(TypeParam::widen(TypeParam::narrow(nan))));
    }
}

TEST(DTypeNames, ParseBack) {
  for (int i = 0; i <= static_cast<int>(DType::Bool); ++i) {
    auto type = static_cast<DType>(i);
    EXPECT_EQ(parseDType(name(type)), type);
    EXPECT_GE(sizeBytes(type), 1);
  }
  EXPECT_EQ(parseDType("f64"), std::nullopt);
  EXPECT_EQ(parseDType(""), std::nullopt);
  EXPECT_EQ(parseDType("f32 "), std::nullopt);
}

} // namespace
