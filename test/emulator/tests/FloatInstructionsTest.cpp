//===- FloatInstructionsTest.cpp - Arithmetic and conversions -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

using namespace attnjit::emulator;
using namespace attnjit::emulator::test;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kTiny = 0x1p-130f; // subnormal

/// `name` applied to words, `arity` for each call, as bits.
Words applied(const std::string &name, const std::string &resultType,
              uint32_t arity, Words in, Options options = {}) {
  std::string body, operands;
  for (uint32_t i = 0; i < arity; ++i) {
    body += fmt::format("  %f{0} = bitcast i32 %i{0} to float\n", i);
    operands += fmt::format("{}float %f{}", i ? ", " : "", i);
  }
  body +=
      fmt::format("  %r = call {} @llvm.{}({})\n", resultType, name, operands);
  body += resultType == "bfloat" || resultType == "half" || resultType == "i16"
              ? fmt::format("  %h = bitcast {} %r to i16\n"
                            "  %o0 = zext i16 %h to i32",
                            resultType)
              : fmt::format("  %o0 = bitcast {} %r to i32", resultType);
  const auto calls = static_cast<uint32_t>(in.size() / arity);
  return outputsOf({.body = body,
                    .inputs = arity,
                    .outputs = 1,
                    .in = std::move(in),
                    .threads = calls,
                    .options = options});
}

/// Expects results for arguments, equal in bits but for NaN.
void expectTable(const std::string &name,
                 const std::vector<std::pair<float, float>> &table) {
  Words in;
  for (auto [x, y] : table)
    in.push_back(bits(x));
  Words out = applied(name, "float", 1, in);
  for (size_t i = 0; i < table.size(); ++i) {
    auto [x, y] = table[i];
    if (std::isnan(y))
      EXPECT_TRUE(std::isnan(number(out[i]))) << name << "(" << x << ")";
    else
      EXPECT_EQ(out[i], bits(y))
          << name << "(" << x << ") is " << number(out[i]) << ", not " << y;
  }
}

TEST(Ex2, SpecialValues) {
  for (const char *name : {"nvvm.ex2.approx.ftz.f32", "nvvm.ex2.approx.f32"})
    expectTable(name, {{-kInf, 0.0f},
                       {-0.0f, 1.0f},
                       {0.0f, 1.0f},
                       {kInf, kInf},
                       {kNaN, kNaN},
                       {kTiny, 1.0f},
                       {3.0f, 8.0f},
                       {-126.0f, 0x1p-126f},
                       {128.0f, kInf}});
}

TEST(Ex2, FlushesSubnormalResults) {
  expectTable("nvvm.ex2.approx.ftz.f32", {{-127.0f, 0.0f}, {-140.0f, 0.0f}});
  expectTable("nvvm.ex2.approx.f32", {{-127.0f, 0x1p-127f}});
}

TEST(Lg2, SpecialValues) {
  for (const char *name : {"nvvm.lg2.approx.ftz.f", "nvvm.lg2.approx.f"})
    expectTable(name, {{-kInf, kNaN},
                       {-1.0f, kNaN},
                       {-0.0f, -kInf},
                       {0.0f, -kInf},
                       {kInf, kInf},
                       {kNaN, kNaN},
                       {1.0f, 0.0f},
                       {1024.0f, 10.0f}});
  expectTable("nvvm.lg2.approx.ftz.f", {{kTiny, -kInf}});
  expectTable("nvvm.lg2.approx.f", {{kTiny, -130.0f}});
}

TEST(Rcp, SpecialValues) {
  expectTable("nvvm.rcp.approx.ftz.f", {{-kInf, -0.0f},
                                        {-0.0f, -kInf},
                                        {0.0f, kInf},
                                        {kInf, 0.0f},
                                        {kNaN, kNaN},
                                        {kTiny, kInf},
                                        {-kTiny, -kInf},
                                        {4.0f, 0.25f},
                                        {0x1p127f, 0.0f}});
  expectTable("nvvm.rcp.rn.f", {{0x1p127f, 0x1p-127f}, {3.0f, 1 / 3.0f}});
}

TEST(SqrtAndRsqrt, SpecialValues) {
  expectTable("nvvm.sqrt.approx.ftz.f", {{-1.0f, kNaN},
                                         {-0.0f, -0.0f},
                                         {9.0f, 3.0f},
                                         {kInf, kInf},
                                         {kTiny, 0.0f}});
  expectTable("nvvm.sqrt.rn.f", {{2.0f, std::sqrt(2.0f)}});
  expectTable("nvvm.rsqrt.approx.ftz.f", {{-1.0f, kNaN},
                                          {-0.0f, -kInf},
                                          {0.0f, kInf},
                                          {kInf, 0.0f},
                                          {0.25f, 2.0f},
                                          {kTiny, kInf}});
}

TEST(SinCosTanh, SpecialValues) {
  expectTable("nvvm.sin.approx.f",
              {{kInf, kNaN}, {-0.0f, -0.0f}, {0.0f, 0.0f}, {kNaN, kNaN}});
  expectTable("nvvm.cos.approx.ftz.f",
              {{-kInf, kNaN}, {-0.0f, 1.0f}, {kTiny, 1.0f}});
  // What the back end selects approximate instructions for.
  expectTable("tanh.f32", {{-kInf, -1.0f}, {-0.0f, -0.0f}, {kInf, 1.0f}});
  expectTable("exp2.f32", {{5.0f, 32.0f}, {-127.0f, 0x1p-127f}});
  expectTable("sin.f32", {{0.0f, 0.0f}});
  expectTable("cos.f32", {{0.0f, 1.0f}});
}

// Every result within the manual's bound, and not all the correctly rounded
// one.
TEST(Approximation, PerturbedWithinTheStatedError) {
  struct Function {
    const char *name;
    double (*exact)(double);
    float first, step;
    double relative, absolute;
  };
  // A unit of the last place is up to 2^-23 of the value, and the correctly
  // rounded result is off by half of one.
  const Function functions[] = {
      {"nvvm.ex2.approx.ftz.f32", std::exp2, -20, 0.371f, 2.5 * 0x1p-23, 0},
      {"nvvm.rcp.approx.ftz.f", [](double x) { return 1 / x; }, 0.1f, 0.213f,
       1.5 * 0x1p-23, 0},
      {"nvvm.lg2.approx.ftz.f", std::log2, 0.51f, 0.0091f, 0, 0x1p-22},
      {"nvvm.lg2.approx.ftz.f", std::log2, 2.5f, 1.7f, 0x1p-22, 0},
      {"nvvm.rsqrt.approx.ftz.f", [](double x) { return 1 / std::sqrt(x); },
       0.3f, 0.57f, 0x1.13p-23, 0},
      {"nvvm.sin.approx.f", std::sin, -6, 0.073f, 0, 0x1.6bp-21},
      {"tanh.f32", std::tanh, 0.01f, 0.021f, 0x1.01p-11, 0},
  };
  for (const Function &function : functions) {
    Words in;
    for (int i = 0; i < 160; ++i)
      in.push_back(bits(function.first + function.step * i));
    int moved = 0;
    Words plain = applied(function.name, "float", 1, in);
    for (uint64_t seed = 0; seed < 4; ++seed) {
      Words out =
          applied(function.name, "float", 1, in,
                  {.seed = seed, .memory = {}, .perturbApproximations = true});
      for (size_t i = 0; i < in.size(); ++i) {
        double exact = function.exact(number(in[i]));
        EXPECT_LE(std::fabs(number(out[i]) - exact),
                  function.relative * std::fabs(exact) + function.absolute)
            << function.name << "(" << number(in[i]) << "), seed " << seed;
        moved += out[i] != plain[i];
      }
    }
    EXPECT_GT(moved, 100) << function.name;
  }
}

TEST(Division, LargeDivisors) {
  auto divided = [](const char *name, float a, float b) {
    return number(applied(name, "float", 2, {bits(a), bits(b)})[0]);
  };
  EXPECT_EQ(divided("nvvm.div.full", 1, 3), 1 / 3.0f);
  EXPECT_EQ(divided("nvvm.div.rn.f", 2, 3), 2 / 3.0f);
  EXPECT_EQ(divided("nvvm.div.approx.f", 6, -2), -3.0f);
  EXPECT_EQ(divided("nvvm.div.approx.f", 0x1p127f, 0x1p127f), 0.0f);
  EXPECT_EQ(divided("nvvm.div.full", 0x1p127f, 0x1p127f), 1.0f);
  EXPECT_TRUE(std::isnan(divided("nvvm.div.approx.f", kInf, 0x1p127f)));
  EXPECT_TRUE(std::isnan(divided("nvvm.div.approx.f", kNaN, 0x1p127f)));
  EXPECT_EQ(divided("nvvm.div.approx.ftz.f", 1, kTiny), kInf);
}

TEST(MinMax, NaNAndZeros) {
  auto of = [](const char *name, float a, float b) {
    return number(applied(name, "float", 2, {bits(a), bits(b)})[0]);
  };
  EXPECT_EQ(of("nvvm.fmax.f", kNaN, 3), 3.0f);
  EXPECT_EQ(of("nvvm.fmin.f", 3, kNaN), 3.0f);
  EXPECT_TRUE(std::isnan(of("nvvm.fmax.f", kNaN, kNaN)));
  EXPECT_TRUE(std::isnan(of("nvvm.fmax.nan.f", kNaN, 3)));
  EXPECT_TRUE(std::isnan(of("nvvm.fmin.nan.f", 3, kNaN)));
  EXPECT_EQ(of("nvvm.fmax.f", 2, 5), 5.0f);
  EXPECT_EQ(of("nvvm.fmin.ftz.nan.f", 2, 5), 2.0f);
  EXPECT_FALSE(std::signbit(of("nvvm.fmax.f", -0.0f, 0.0f)));
  EXPECT_TRUE(std::signbit(of("nvvm.fmin.f", 0.0f, -0.0f)));
  EXPECT_EQ(of("nvvm.fmax.ftz.f", kTiny, -1), 0.0f);
  EXPECT_EQ(of("nvvm.fmax.f", kTiny, -1), kTiny);
}

TEST(Arithmetic, FlushesWhereAsked) {
  auto of = [](const char *name, std::vector<float> x) {
    Words in;
    for (float one : x)
      in.push_back(bits(one));
    return number(applied(name, "float", x.size(), in)[0]);
  };
  EXPECT_EQ(of("nvvm.add.rn.f", {kTiny, kTiny}), 2 * kTiny);
  EXPECT_EQ(of("nvvm.add.rn.ftz.f", {kTiny, kTiny}), 0.0f);
  EXPECT_EQ(of("nvvm.mul.rn.f", {0x1p-100f, 0x1p-30f}), 0x1p-130f);
  EXPECT_EQ(of("nvvm.mul.rn.ftz.f", {0x1p-100f, 0x1p-30f}), 0.0f);
  // One rounding: 1 + 2^-23 squared less 1 + 2^-22 is 2^-46.
  EXPECT_EQ(of("nvvm.fma.rn.f", {1 + 0x1p-23f, 1 + 0x1p-23f, -(1 + 0x1p-22f)}),
            0x1p-46f);
  EXPECT_EQ(of("nvvm.fma.rn.ftz.f", {kTiny, 2, 1}), 1.0f);
  EXPECT_EQ(of("nvvm.floor.f", {-1.5f}), -2.0f);
  EXPECT_EQ(of("nvvm.ceil.ftz.f", {kTiny}), 0.0f);
  EXPECT_EQ(of("nvvm.ceil.f", {kTiny}), 1.0f);
  EXPECT_EQ(of("nvvm.round.f", {2.5f}), 2.0f);
  EXPECT_EQ(of("nvvm.trunc.f", {-2.7f}), -2.0f);
  EXPECT_EQ(of("nvvm.fabs.f32", {-2.5f}), 2.5f);
  EXPECT_EQ(of("nvvm.saturate.f", {1.5f}), 1.0f);
  EXPECT_EQ(of("nvvm.saturate.f", {kNaN}), 0.0f);
}

// A function that asks for it flushes LLVM's own operations too.
TEST(Arithmetic, DenormalAttribute) {
  Case one{.body = R"(
  %a = bitcast i32 %i0 to float
  %s = fadd float %a, %a
  %o0 = bitcast float %s to i32)",
           .inputs = 1,
           .outputs = 1,
           .in = {bits(kTiny)},
           .threads = 1};
  EXPECT_EQ(outputsOf(one)[0], bits(2 * kTiny));
  std::string text = textOf(one);
  text.replace(text.find(" {\nstart"), 2,
               " \"denormal-fp-math-f32\"=\"preserve-sign,preserve-sign\" {");
  auto kernel = Emulator::load(text, "k");
  ASSERT_TRUE(kernel.has_value()) << kernel.error().message();
  uint32_t in = bits(kTiny), out = 7;
  const void *params[] = {&in, &out};
  ASSERT_TRUE(kernel->run({.params = std::as_bytes(std::span(params))}));
  EXPECT_EQ(out, 0u);
}

//===--- conversions ------------------------------------------------------===//

uint32_t convertedPair(const char *name, const char *type, float a, float b) {
  return applied(fmt::format("nvvm.{}", name), type, 2, {bits(a), bits(b)})[0];
}

// The first operand is the upper half.
TEST(Convert, PairOfBfloat) {
  auto of = [](const char *name, float a, float b) {
    return convertedPair(name, "<2 x bfloat>", a, b);
  };
  EXPECT_EQ(of("ff2bf16x2.rn", 1.0f, -2.0f), 0x3f80c000u);
  // 1 + 2^-8 is half way: to even, down; 1 + 3 * 2^-8 up. More than half: up.
  EXPECT_EQ(of("ff2bf16x2.rn", 1 + 0x1p-8f, 1 + 0x3p-8f), 0x3f803f82u);
  EXPECT_EQ(of("ff2bf16x2.rn", 1 + 0x1.01p-8f, kInf), 0x3f817f80u);
  EXPECT_EQ(of("ff2bf16x2.rn", kNaN, 0x1.fffffep127f), 0x7fff7f80u);
  EXPECT_EQ(of("ff2bf16x2.rz", 1 + 0x3p-8f, -0x1.fffffep127f), 0x3f81ff7fu);
  EXPECT_EQ(of("ff2bf16x2.rn.relu", -3.0f, -0.0f), 0u);
  EXPECT_EQ(of("ff2bf16x2.rn", 0x1p-130f, -0x1p-140f), 0x00088000u);
}

TEST(Convert, PairOfHalf) {
  auto of = [](const char *name, float a, float b) {
    return convertedPair(name, "<2 x half>", a, b);
  };
  EXPECT_EQ(of("ff2f16x2.rn", 1.0f, -2.0f), 0x3c00c000u);
  // 1 + 2^-11 is half way: to even, down.
  EXPECT_EQ(of("ff2f16x2.rn", 1 + 0x1p-11f, 1 + 0x3p-11f), 0x3c003c02u);
  // 65520 is half way between the largest, 65504, and 2^16: to infinity.
  EXPECT_EQ(of("ff2f16x2.rn", 65519.0f, 65520.0f), 0x7bff7c00u);
  EXPECT_EQ(of("ff2f16x2.rz", 70000.0f, kNaN), 0x7bff7fffu);
  // Subnormal: 2^-24 is the smallest; half of it goes to even, 0.
  EXPECT_EQ(of("ff2f16x2.rn", 0x1p-24f, 0x1p-25f), 0x00010000u);
}

TEST(Convert, OneElement) {
  auto of = [](const char *name, const char *type, float x) {
    return applied(fmt::format("nvvm.{}", name), type, 1, {bits(x)})[0];
  };
  EXPECT_EQ(of("f2bf16.rn", "bfloat", -1.5f), 0xbfc0u);
  EXPECT_EQ(of("f2f16.rn", "half", 0.5f), 0x3800u);
  EXPECT_EQ(of("f2h.rn", "i16", 0.5f), 0x3800u);
}

TEST(Convert, Tf32) {
  auto of = [](const char *name, uint32_t x) {
    return applied(fmt::format("nvvm.{}", name), "i32", 1, {x})[0];
  };
  // Bit 12 is half a unit: away from zero; to even; towards zero.
  EXPECT_EQ(of("f2tf32.rna", 0x3f801000), 0x3f802000u);
  EXPECT_EQ(of("f2tf32.rna", 0xbf801000), 0xbf802000u);
  EXPECT_EQ(of("f2tf32.rna", 0x3f800fff), 0x3f800000u);
  EXPECT_EQ(of("f2tf32.rn", 0x3f801000), 0x3f800000u);
  EXPECT_EQ(of("f2tf32.rn", 0x3f803000), 0x3f804000u);
  EXPECT_EQ(of("f2tf32.rz", 0x3f803fff), 0x3f802000u);
  EXPECT_EQ(of("f2tf32.rna", 0x7f800000), 0x7f800000u);
  // A NaN may become an infinity.
  EXPECT_EQ(of("f2tf32.rna", 0x7f800001), 0x7f800000u);
  EXPECT_EQ(of("f2tf32.rna", 0xffc00001), 0xffc00000u);
  EXPECT_EQ(of("f2tf32.rn", 0xff800001), 0x7fffe000u);
  EXPECT_EQ(of("f2tf32.rz", 0x7f800001), 0x7fffe000u);
}

// LLVM's own truncation to bfloat, which the host leaves to a library.
TEST(Convert, FptruncToBfloat) {
  Case one{.body = R"(
  %a = bitcast i32 %i0 to float
  %b = fptrunc float %a to bfloat
  %h = bitcast bfloat %b to i16
  %o0 = zext i16 %h to i32
  %back = fpext bfloat %b to float
  %o1 = bitcast float %back to i32)",
           .inputs = 1,
           .outputs = 2,
           .in = {bits(1 + 0x3p-8f)},
           .threads = 1};
  EXPECT_EQ(outputsOf(one), (Words{0x3f82, 0x3f820000}));
}

} // namespace
