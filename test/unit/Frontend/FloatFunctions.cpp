//===- FloatFunctions.cpp - The functions of f32 and their errors ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatFunctions.h"

#include "attnjit/Frontend/EmitMath.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace attnjit::test {

static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static double relu(double x) { return x > 0 ? x : std::isnan(x) ? x : 0; }
static double gelu(double x) {
  if (std::isinf(x))
    return x > 0 ? x : -0.0;
  return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
}

// clang-format off
static constexpr FloatFunction kFunctions[] = {
    {"exp",     Op::Exp,     [](double x) { return std::exp(x); }, 1},
    {"exp2",    Op::Exp2,    [](double x) { return std::exp2(x); }, 1},
    {"log",     Op::Log,     [](double x) { return std::log(x); }, 1},
    {"log2",    Op::Log2,    [](double x) { return std::log2(x); }, 1.6},
    {"sqrt",    Op::Sqrt,    [](double x) { return std::sqrt(x); }, 0.5},
    {"rsqrt",   Op::Rsqrt,   [](double x) { return 1 / std::sqrt(x); }, 1.5},
    {"tanh",    Op::Tanh,    [](double x) { return std::tanh(x); }, 2.6},
    {"sigmoid", Op::Sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 2.5},
    {"erf",     Op::Erf,     [](double x) { return std::erf(x); }, 2.5},
    {"sin",     Op::Sin,     [](double x) { return std::sin(x); }, 2},
    {"cos",     Op::Cos,     [](double x) { return std::cos(x); }, 2},
    {"gelu",    Op::Gelu,    gelu, 6.5},
    {"relu",    Op::Relu,    relu, 0},
    {"floor",   Op::Floor,   [](double x) { return std::floor(x); }, 0},
    {"ceil",    Op::Ceil,    [](double x) { return std::ceil(x); }, 0},
    {"trunc",   Op::Trunc,   [](double x) { return std::trunc(x); }, 0},
    {"round",   Op::Round,   [](double x) { return std::nearbyint(x); }, 0},
    {"abs",     Op::Abs,     [](double x) { return std::fabs(x); }, 0},
    {"sign",    Op::Sign,    sign, 0},
};
// clang-format on

std::span<const FloatFunction> floatFunctions() { return kFunctions; }

JitKernel compile(const FloatFunction &function, int lanes) {
  return JitKernel(
      lanes, Element::F32, Element::F32,
      [&](mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value) {
        return emitUnary(b, loc, function.op, x);
      });
}

float fromBits(uint32_t bits) { return std::bit_cast<float>(bits); }
uint32_t bitsOf(float value) { return std::bit_cast<uint32_t>(value); }

double ulpError(float value, double exact) {
  constexpr double kWrong = std::numeric_limits<double>::infinity();
  if (std::isnan(exact) || std::isnan(value))
    return std::isnan(exact) && std::isnan(value) ? 0 : kWrong;
  if (std::isinf(exact))
    return value == exact ? 0 : kWrong;
  if (exact == 0)
    return value == 0 && std::signbit(value) == std::signbit(exact) ? 0
                                                                    : kWrong;
  if (value == exact)
    return 0;
  // An infinity stands for the first number that f32 cannot hold.
  constexpr double kOverflow = 0x1p128;
  double rounded =
      std::clamp(static_cast<double>(value), -kOverflow, kOverflow);
  exact = std::clamp(exact, -kOverflow, kOverflow);
  int exponent = std::max(std::ilogb(exact), -126);
  return std::fabs(rounded - exact) / std::ldexp(1, exponent - 23);
}

WorstCase measure(const FloatFunction &function, const JitKernel &kernel,
                  std::span<const float> inputs) {
  std::vector<float> results(inputs.size());
  kernel(inputs, inputs, std::span(results));
  WorstCase worst;
  for (size_t i = 0; i < inputs.size(); ++i) {
    double ulp = ulpError(results[i], function.reference(inputs[i]));
    if (ulp > worst.ulp)
      worst = {ulp, inputs[i]};
  }
  return worst;
}

} // namespace attnjit::test
