//===- FloatInstructions.cpp - Arithmetic, exact and approximate ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The approximate functions are computed in f64 and rounded; where the options
// ask for it they are then moved by up to the error that the PTX manual states.
// `.ftz` flushes subnormal inputs and results to zero of the same sign.
//
//===----------------------------------------------------------------------===//

#include "InstructionTables.h"
#include "Machine.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace attnjit::emulator {

namespace {

float flush(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}
template <bool kFlush> float flushIf(float x) { return kFlush ? flush(x) : x; }

//===--- approximations ---------------------------------------------------===//

/// How far a result may be: `units` of the last place from the correctly
/// rounded one; or from the exact one by `relative` of it, or by `absolute`.
struct Tolerance {
  int units = 0;
  double relative = 0, absolute = 0;
};

/// Leaves alone what is exact by the manual's tables of special values: results
/// that are not finite, or 0. Those of exact inputs (2^0) are up to the caller.
float perturb(double exact, Tolerance tolerance, Random &random) {
  const auto result = static_cast<float>(exact);
  if (!std::isfinite(result) || result == 0)
    return result;
  if (tolerance.units != 0) {
    int by = static_cast<int>(random.below(2 * tolerance.units + 1)) -
             tolerance.units;
    float moved = std::bit_cast<float>(std::bit_cast<uint32_t>(result) + by);
    return std::isnormal(moved) && std::signbit(moved) == std::signbit(result)
               ? moved
               : result;
  }
  const double at = random.below(1u << 24) * 0x1p-23 - 1; // in [-1, 1)
  const double bound =
      std::max(tolerance.relative * std::fabs(exact), tolerance.absolute);
  // The last rounding may leave the bound by half a unit.
  const auto moved = static_cast<float>(exact + at * bound);
  return std::fabs(moved - exact) <= bound ? moved : result;
}

struct Exp2 {
  static double exact(double x) { return std::exp2(x); }
  static Tolerance tolerance(float x) { return {.units = x == 0 ? 0 : 2}; }
};
struct Log2 {
  static double exact(double x) { return std::log2(x); }
  static Tolerance tolerance(float x) {
    return x > 0.5f && x < 2 ? Tolerance{.absolute = 0x1p-22}
                             : Tolerance{.relative = 0x1p-22};
  }
};
struct Reciprocal {
  static double exact(double x) { return 1 / x; }
  static Tolerance tolerance(float) { return {.units = 1}; }
};
struct Sqrt {
  static double exact(double x) { return std::sqrt(x); }
  static Tolerance tolerance(float) { return {.relative = 0x1p-23}; }
};
struct Rsqrt {
  static double exact(double x) { return 1 / std::sqrt(x); }
  static Tolerance tolerance(float) { return {.relative = 0x1.12p-23}; }
};
/// 2^-20.5 up to 2 pi, 2^-14.7 up to 100 pi, nothing beyond.
Tolerance trigonometric(float x) {
  return {.absolute =
              std::fabs(x) <= 2 * std::numbers::pi ? 0x1.6ap-21 : 0x1.3ap-15};
}
struct Sin {
  static double exact(double x) { return std::sin(x); }
  static Tolerance tolerance(float x) { return trigonometric(x); }
};
struct Cos {
  static double exact(double x) { return std::cos(x); }
  static Tolerance tolerance(float x) { return trigonometric(x); }
};
struct Tanh {
  static double exact(double x) { return std::tanh(x); }
  static Tolerance tolerance(float) { return {.relative = 0x1p-11}; }
};

template <typename Function, bool kFlush>
bool approximate(Thread &thread, const Site &, const Operands &operands) {
  const float x = flushIf<kFlush>(operands.get<float>());
  const double exact = Function::exact(x);
  Machine &machine = thread.machine();
  operands.set(flushIf<kFlush>(
      machine.options.perturbApproximations
          ? perturb(exact, Function::tolerance(x), machine.random)
          : static_cast<float>(exact)));
  return true;
}

/// Two units, for divisors whose reciprocal is a normal number; `approx` gives
/// 0 for larger ones (and a NaN for an infinite dividend, or one that is NaN).
template <bool kFlush, bool kFull>
bool divideApproximately(Thread &thread, const Site &,
                         const Operands &operands) {
  const float a = flushIf<kFlush>(operands.get<float>()),
              b = flushIf<kFlush>(operands.get<float>(4));
  double exact = double(a) / b;
  if (!kFull && std::fabs(b) > 0x1p126f && std::isfinite(b))
    exact = std::isfinite(a) ? std::copysign(0.0, exact) : NAN;
  Machine &machine = thread.machine();
  operands.set(
      flushIf<kFlush>(machine.options.perturbApproximations
                          ? perturb(exact, {.units = 2}, machine.random)
                          : static_cast<float>(exact)));
  return true;
}

//===--- correctly rounded ------------------------------------------------===//

template <float (*kFunction)(float), bool kFlush>
bool unary(Thread &, const Site &, const Operands &operands) {
  operands.set(
      flushIf<kFlush>(kFunction(flushIf<kFlush>(operands.get<float>()))));
  return true;
}

template <float (*kFunction)(float, float), bool kFlush>
bool binary(Thread &, const Site &, const Operands &operands) {
  operands.set(
      flushIf<kFlush>(kFunction(flushIf<kFlush>(operands.get<float>()),
                                flushIf<kFlush>(operands.get<float>(4)))));
  return true;
}

template <bool kFlush>
bool fusedMultiplyAdd(Thread &, const Site &, const Operands &operands) {
  operands.set(
      flushIf<kFlush>(std::fma(flushIf<kFlush>(operands.get<float>()),
                               flushIf<kFlush>(operands.get<float>(4)),
                               flushIf<kFlush>(operands.get<float>(8)))));
  return true;
}

float add(float a, float b) { return a + b; }
float multiply(float a, float b) { return a * b; }
float divide(float a, float b) { return a / b; }
float reciprocal(float a) { return 1 / a; }
float squareRoot(float a) { return std::sqrt(a); }
float absolute(float a) { return std::fabs(a); }
float roundDown(float a) { return std::floor(a); }
float roundUp(float a) { return std::ceil(a); }
float roundToZero(float a) { return std::trunc(a); }
float roundToEven(float a) { return std::nearbyint(a); }
/// To [0, 1]; NaN becomes 0.
float saturate(float a) { return a > 0 ? (a < 1 ? a : 1.0f) : 0.0f; }

/// The other operand where one is NaN; -0 is less than +0.
template <bool kMax> float numberOf(float a, float b) {
  if (std::isnan(a))
    return std::isnan(b) ? std::bit_cast<float>(0x7fffffff) : b;
  if (std::isnan(b))
    return a;
  if (a == b)
    return std::signbit(a) == kMax ? b : a;
  return (a > b) == kMax ? a : b;
}
/// A canonical NaN where one is NaN.
template <bool kMax> float propagating(float a, float b) {
  return std::isnan(a) || std::isnan(b) ? std::bit_cast<float>(0x7fffffff)
                                        : numberOf<kMax>(a, b);
}

constexpr Form kThread = Form::Thread;

const Instruction kInstructions[] = {
    {"add.rn.f", kThread, 0, binary<add, false>},
    {"add.rn.ftz.f", kThread, 0, binary<add, true>},
    {"ceil.f", kThread, 0, unary<roundUp, false>},
    {"ceil.ftz.f", kThread, 0, unary<roundUp, true>},
    {"cos.approx.f", kThread, 0, approximate<Cos, false>},
    {"cos.approx.ftz.f", kThread, 0, approximate<Cos, true>},
    {"div.approx.f", kThread, 0, divideApproximately<false, false>},
    {"div.approx.ftz.f", kThread, 0, divideApproximately<true, false>},
    {"div.full", kThread, 0, divideApproximately<false, true>},
    {"div.full.ftz", kThread, 0, divideApproximately<true, true>},
    {"div.rn.f", kThread, 0, binary<divide, false>},
    {"div.rn.ftz.f", kThread, 0, binary<divide, true>},
    {"ex2.approx.f32", kThread, 0, approximate<Exp2, false>},
    {"ex2.approx.ftz.f32", kThread, 0, approximate<Exp2, true>},
    {"fabs.f32", kThread, 0, unary<absolute, false>},
    {"fabs.ftz.f32", kThread, 0, unary<absolute, true>},
    {"floor.f", kThread, 0, unary<roundDown, false>},
    {"floor.ftz.f", kThread, 0, unary<roundDown, true>},
    {"fma.rn.f", kThread, 0, fusedMultiplyAdd<false>},
    {"fma.rn.ftz.f", kThread, 0, fusedMultiplyAdd<true>},
    {"fmax.f", kThread, 0, binary<numberOf<true>, false>},
    {"fmax.ftz.f", kThread, 0, binary<numberOf<true>, true>},
    {"fmax.ftz.nan.f", kThread, 0, binary<propagating<true>, true>},
    {"fmax.nan.f", kThread, 0, binary<propagating<true>, false>},
    {"fmin.f", kThread, 0, binary<numberOf<false>, false>},
    {"fmin.ftz.f", kThread, 0, binary<numberOf<false>, true>},
    {"fmin.ftz.nan.f", kThread, 0, binary<propagating<false>, true>},
    {"fmin.nan.f", kThread, 0, binary<propagating<false>, false>},
    {"lg2.approx.f", kThread, 0, approximate<Log2, false>},
    {"lg2.approx.ftz.f", kThread, 0, approximate<Log2, true>},
    {"mul.rn.f", kThread, 0, binary<multiply, false>},
    {"mul.rn.ftz.f", kThread, 0, binary<multiply, true>},
    {"rcp.approx.ftz.f", kThread, 0, approximate<Reciprocal, true>},
    {"rcp.rn.f", kThread, 0, unary<reciprocal, false>},
    {"rcp.rn.ftz.f", kThread, 0, unary<reciprocal, true>},
    {"round.f", kThread, 0, unary<roundToEven, false>},
    {"round.ftz.f", kThread, 0, unary<roundToEven, true>},
    {"rsqrt.approx.f", kThread, 0, approximate<Rsqrt, false>},
    {"rsqrt.approx.ftz.f", kThread, 0, approximate<Rsqrt, true>},
    {"saturate.f", kThread, 0, unary<saturate, false>},
    {"saturate.ftz.f", kThread, 0, unary<saturate, true>},
    {"sin.approx.f", kThread, 0, approximate<Sin, false>},
    {"sin.approx.ftz.f", kThread, 0, approximate<Sin, true>},
    {"sqrt.approx.f", kThread, 0, approximate<Sqrt, false>},
    {"sqrt.approx.ftz.f", kThread, 0, approximate<Sqrt, true>},
    {"sqrt.rn.f", kThread, 0, unary<squareRoot, false>},
    {"sqrt.rn.ftz.f", kThread, 0, unary<squareRoot, true>},
    // No intrinsic: what llvm.tanh becomes.
    {"tanh.approx.f32", kThread, 0, approximate<Tanh, false>},
    {"trunc.f", kThread, 0, unary<roundToZero, false>},
    {"trunc.ftz.f", kThread, 0, unary<roundToZero, true>},
};

} // namespace

std::span<const Instruction> floatInstructions() { return kInstructions; }

} // namespace attnjit::emulator
