//===- FloatFunctions.h - The functions of f32 and their errors -*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every function of one f32 with its definition in f64 and the error that
// docs/numerics.md states for it; and what measures that error.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_FRONTEND_FLOATFUNCTIONS_H
#define ATTNJIT_TEST_UNIT_FRONTEND_FLOATFUNCTIONS_H

#include "JitKernel.h"

#include "attnjit/Expr/Expr.h"

#include <span>
#include <string_view>

namespace attnjit::test {

struct FloatFunction {
  std::string_view name;
  Op op;
  double (*reference)(double);
  double maxUlp; ///< the bound in docs/numerics.md; 0: exact
};

std::span<const FloatFunction> floatFunctions();

/// Code for `function` on `lanes` lanes.
JitKernel compile(const FloatFunction &function, int lanes);

/// Distance of `value` from the exact result in units of the last place of an
/// f32 of that size. Infinite where a special case is wrong: a NaN, a pole, or
/// the sign of an exact zero.
double ulpError(float value, double exact);

/// The input with the largest error.
struct WorstCase {
  double ulp = -1;
  float x = 0;
};
WorstCase measure(const FloatFunction &function, const JitKernel &kernel,
                  std::span<const float> inputs);

/// The number whose bits are those.
float fromBits(uint32_t bits);
uint32_t bitsOf(float value);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_FRONTEND_FLOATFUNCTIONS_H
