//===- OptionsTest.cpp - What options say, random tensors, summaries ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Measure.h"
#include "support/Random.h"
#include "support/Settings.h"
#include "support/Shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace attnjit;
using namespace attnjit::tool;
using testing::HasSubstr;

//===----------------------------------------------------------------------===//
// Shape and HeadDim
//===----------------------------------------------------------------------===//

TEST(Shape, FillsInWhatIsMissing) {
  EXPECT_EQ(Shape::parse("Hq=4,Sq=7,D=64"), (Shape{1, 4, 4, 7, 7, 64, 64}));
  EXPECT_EQ(Shape::parse("Dv=32,D=64,Skv=9,Sq=0,Hkv=2,Hq=4,B=3"),
            (Shape{3, 4, 2, 0, 9, 64, 32}));
  EXPECT_EQ(Shape::parse("Hq=1,Sq=1", 8), (Shape{1, 1, 1, 1, 1, 8, 8}));
}

TEST(Shape, TextParsesBack) {
  const Shape shape = {3, 4, 2, 5, 9, 64, 32};
  EXPECT_EQ(Shape::parse(shape.text()), shape);
}

TEST(Shape, ErrorsNameTheThing) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "``"},
      {"Hq=4,Sq=7", "`D` is missing"},
      {"Sq=7,D=64", "`Hq` is missing"},
      {"Hq=4,Sq=7,D=64,Z=1", "`Z=1`"},
      {"Hq=4,Sq=7,D", "`D`"},
      {"Hq=4,Sq=7,D=", "`D` is ``"},
      {"Hq=4,Sq=7,D=64,", "``"},
      {"Hq=4,Sq=-7,D=64", "`Sq` is `-7`"},
      {"Hq=4,Sq=+7,D=64", "`Sq` is `+7`"},
      {"Hq=4,Sq=7,D=64x", "`D` is `64x`"},
      {"Hq=4,Sq=2147483648,D=64", "`Sq` is `2147483648`"},
      {"Hq=4,Sq=99999999999999999999,D=64", "2^31 - 1"},
      {"Hq=4,Hq=4,Sq=7,D=64", "`Hq` is given twice"},
  };
  for (auto [text, part] : cases) {
    Expected<Shape> shape = Shape::parse(text);
    ASSERT_FALSE(shape) << text;
    EXPECT_THAT(shape.error().message(), HasSubstr(part));
  }
}

TEST(HeadDim, Parses) {
  EXPECT_EQ(HeadDim::parse("64")->D, 64);
  EXPECT_EQ(HeadDim::parse("64")->Dv, 64);
  EXPECT_EQ(HeadDim::parse("192,128")->Dv, 128);
  for (const char *text : {"", "64,", "64,1,1", "x", "-1"})
    EXPECT_FALSE(HeadDim::parse(text)) << text;
}

//===----------------------------------------------------------------------===//
// Settings
//===----------------------------------------------------------------------===//

TEST(Setting, SplitsAtTheFirstEqualsSign) {
  EXPECT_EQ(Setting::parse("a=b=c")->name, "a");
  EXPECT_EQ(Setting::parse("a=b=c")->value, "b=c");
  EXPECT_EQ(Setting::parse("a=")->value, "");
  EXPECT_FALSE(Setting::parse("a"));
  EXPECT_FALSE(Setting::parse("=b"));
  EXPECT_FALSE(Setting::parse(""));
}

TEST(Setting, ScalarsByType) {
  const auto value = [](const char *text, Type type) {
    return parseScalar({"x", text}, type);
  };
  EXPECT_EQ(value("1.5", Type::F32), Scalar::f32(1.5f));
  EXPECT_EQ(value("-2e3", Type::F32), Scalar::f32(-2000));
  EXPECT_EQ(value("-inf", Type::F32),
            Scalar::f32(-std::numeric_limits<float>::infinity()));
  EXPECT_TRUE(std::isnan(value("nan", Type::F32)->asF32()));
  EXPECT_EQ(value("-2147483648", Type::I32), Scalar::i32(INT32_MIN));
  EXPECT_EQ(value("0xFFFFFFFF", Type::I32), Scalar::i32(-1));
  EXPECT_EQ(value("true", Type::Bool), Scalar::boolean(true));
  EXPECT_EQ(value("false", Type::Bool), Scalar::boolean(false));
  const std::pair<const char *, Type> wrong[] = {{"", Type::F32},
                                                 {"1.5x", Type::F32},
                                                 {"x.npy", Type::F32},
                                                 {"1e99", Type::F32},
                                                 {"2147483648", Type::I32},
                                                 {"1.0", Type::I32},
                                                 {"0x", Type::I32},
                                                 {"0x-1", Type::I32},
                                                 {"0x100000000", Type::I32},
                                                 {"yes", Type::Bool},
                                                 {"1", Type::Bool}};
  for (auto [text, type] : wrong) {
    Expected<Scalar> scalar = value(text, type);
    ASSERT_FALSE(scalar) << text;
    EXPECT_THAT(scalar.error().message(), HasSubstr("`x`"));
  }
}

TEST(Setting, RefusesTwoOfOneName) {
  EXPECT_TRUE(checkUnique({{"a", "1"}, {"b", "1"}}));
  Expected<void> ok = checkUnique({{"a", "1"}, {"b", "1"}, {"a", "2"}});
  ASSERT_FALSE(ok);
  EXPECT_THAT(ok.error().message(), HasSubstr("`a`"));
}

//===----------------------------------------------------------------------===//
// Random
//===----------------------------------------------------------------------===//

TEST(Random, IsAboutNormalAndTheSameEveryTime) {
  Random random(7, "q");
  double sum = 0, squares = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    double value = random.normal();
    sum += value;
    squares += value * value;
  }
  // Five standard deviations of the mean, and of the variance.
  EXPECT_NEAR(sum / kCount, 0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_EQ(Random(7, "q").next(), Random(7, "q").next());
  EXPECT_NE(Random(7, "q").next(), Random(7, "k").next());
  EXPECT_NE(Random(7, "q").next(), Random(8, "q").next());
}

TEST(Random, IntegersReachBothEnds) {
  Random random(1, "x");
  bool low = false, high = false;
  for (int i = 0; i < 1000; ++i) {
    int64_t value = random.integer(-2, 2);
    ASSERT_GE(value, -2);
    ASSERT_LE(value, 2);
    low |= value == -2;
    high |= value == 2;
  }
  EXPECT_TRUE(low && high);
  random.integer(INT64_MIN, INT64_MAX);
}

TEST(Random, BuffersKeepTheirDeclarations) {
  Random random(3, "x");
  BufferDecl decl;
  decl.dims = {Dim::any(), Dim::any()};
  decl.sorted = true;
  decl.element = DType::I32;
  decl.range = {Scalar::i32(-3), Scalar::i32(11)};
  Expected<Array> ints = Array::allocate(DType::I32, {4, 50});
  ASSERT_TRUE(ints);
  fillBuffer(*ints, decl, 1000, random);
  std::span<int32_t> values = ints->elements<int32_t>();
  for (size_t row = 0; row < 4; ++row)
    EXPECT_TRUE(std::ranges::is_sorted(values.subspan(row * 50, 50)));
  EXPECT_GE(std::ranges::min(values), -3);
  EXPECT_LE(std::ranges::max(values), 11);
  EXPECT_LT(std::ranges::min(values), 4);
  EXPECT_GT(std::ranges::max(values), 4);

  decl.element = DType::F32;
  decl.range = {Scalar::f32(0.5f), Scalar::f32(0.75f)};
  Expected<Array> floats = Array::allocate(DType::F32, {4, 50});
  ASSERT_TRUE(floats);
  fillBuffer(*floats, decl, 1000, random);
  EXPECT_GE(std::ranges::min(floats->elements<float>()), 0.5f);
  EXPECT_LE(std::ranges::max(floats->elements<float>()), 0.75f);

  decl.element = DType::Bool;
  decl.range.reset();
  decl.sorted = false;
  Expected<Array> bools = Array::allocate(DType::Bool, {4, 50});
  ASSERT_TRUE(bools);
  fillBuffer(*bools, decl, 1000, random);
  EXPECT_EQ(std::ranges::max(bools->elements<uint8_t>()), 1);
  EXPECT_EQ(std::ranges::min(bools->elements<uint8_t>()), 0);

  // A sorted axis of no elements has nothing to sort.
  decl.element = DType::I32;
  decl.sorted = true;
  Expected<Array> none = Array::allocate(DType::I32, {4, 0});
  ASSERT_TRUE(none);
  fillBuffer(*none, decl, 0, random);
}

//===----------------------------------------------------------------------===//
// Measure
//===----------------------------------------------------------------------===//

TEST(Summary, OfOddAndEvenCounts) {
  const double odd[] = {3, 1, 2};
  EXPECT_EQ(Summary::of(odd).min, 1);
  EXPECT_EQ(Summary::of(odd).median, 2);
  EXPECT_EQ(Summary::of(odd).max, 3);
  const double even[] = {4, 1, 2, 3};
  EXPECT_EQ(Summary::of(even).median, 2.5);
  EXPECT_EQ(Summary::of({}).count, 0);
}

TEST(Interleave, TakesTurnsAndDropsTheFirstRound) {
  std::string order;
  int calls = 0;
  const auto contestant = [&](const char *name) {
    return Contestant{name, [&order, &calls, name]() -> Expected<double> {
                        order += name;
                        return ++calls;
                      }};
  };
  const Contestant contestants[] = {contestant("a"), contestant("b")};
  auto numbers = interleave(
      contestants, {.seconds = 1e-9, .minRounds = 2, .progress = nullptr});
  ASSERT_TRUE(numbers);
  EXPECT_EQ(order, "ababab");
  EXPECT_THAT((*numbers)[0], testing::ElementsAre(3, 5));
  EXPECT_THAT((*numbers)[1], testing::ElementsAre(4, 6));
  EXPECT_THAT(ratios((*numbers)[1], (*numbers)[0]),
              testing::ElementsAre(4.0 / 3, 6.0 / 5));
}

TEST(Interleave, AnErrorEndsIt) {
  const Contestant contestants[] = {{"broken", []() -> Expected<double> {
                                       return fail(ErrorKind::Internal, "why");
                                     }}};
  auto numbers = interleave(contestants, {});
  ASSERT_FALSE(numbers);
  EXPECT_EQ(numbers.error().message(), "broken: why");
}
