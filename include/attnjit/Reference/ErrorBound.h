//===- ErrorBound.h - How far a kernel may be from the Reference ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The error bound that docs/numerics.md derives, its constants in one place:
//
//   |out - ref| <= u_out |ref| + (c1 sqrt(D) 2^-24 + c2 u_P + 2^-23 M) A
//   |lse - ref| <= 1e-5 max(1, |ref|) + 2^-23 M
//
// with A = sum_j |p'_j v_j| and M the largest |intermediate| of the score mod.
// Where the mod amplifies the error of its score, M holds what that adds; where
// a prob mod amplifies the error of its probability, A does.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_REFERENCE_ERRORBOUND_H
#define ATTNJIT_REFERENCE_ERRORBOUND_H

#include "attnjit/Support/DType.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace attnjit {

/// c1: rounding of a dot product of length D and of the sum over keys.
inline constexpr double kDotRounding = 8;
/// c2: rounding of P where a target carries it in 16 bits.
inline constexpr double kProbRounding = 2;
/// A p' below this may be lost where denormals flush to zero. Every kept key
/// has it in A, which leaves the bound of larger ones unchanged.
inline constexpr double kFlushedProb = 0x1p-100;

/// Rounding of a prob mod, relative to its result: the worst function (6.5 ulp)
/// and three operations.
inline constexpr double kProbModRounding = 0x1p-20;
/// And where it cancels: two roundings of its largest intermediate.
inline constexpr double kProbModCancellation = 0x1p-23;
/// What dropout adds to the error of a weight that it keeps: the rounding of
/// 1 / (1 - rate) and of its product with the factor of the row.
inline constexpr double kDropoutRounding = 0x1p-23;

/// Limits of a floating-point output type.
struct OutputFormat {
  double unitRoundoff; ///< u: half of the distance from 1 to the next number
  double smallestStep; ///< error near 0: half a denormal step, or a flush
  double overflow;     ///< values of this magnitude round to infinity

  static constexpr OutputFormat of(DType dtype) {
    if (dtype == DType::F16)
      return {0x1p-11, 0x1p-25, 65520};
    if (dtype == DType::BF16)
      return {0x1p-8, 0x1p-126, 0x1.ffp127};
    return {0x1p-24, 0x1p-126, 0x1.ffffffp127};
  }
};

/// How far a kernel's score may be from the Reference's before the score mod.
inline double scoreError(int64_t D, double score) {
  return kDotRounding * std::sqrt(double(D)) * 0x1p-24 +
         0x1p-23 * std::abs(score);
}

/// How far a kernel's probabilities may be from the Reference's, relative to
/// themselves: what A is multiplied by.
inline double probError(DType dtype, int64_t D, double magnitude) {
  // f32 kernels keep P in f32, whose rounding c1 covers.
  const double probRoundoff =
      dtype == DType::F32 ? 0 : OutputFormat::of(dtype).unitRoundoff;
  return kDotRounding * std::sqrt(double(D)) * 0x1p-24 +
         kProbRounding * probRoundoff + 0x1p-23 * magnitude;
}

/// Bound of |out - ref| for one element, where `absSum` is A.
inline double outBound(DType dtype, int64_t D, double ref, double absSum,
                       double magnitude) {
  const OutputFormat format = OutputFormat::of(dtype);
  return std::max(format.unitRoundoff * std::abs(ref), format.smallestStep) +
         probError(dtype, D, magnitude) * absSum;
}

/// Bound of |lse - ref| for one row.
inline double lseBound(double ref, double magnitude) {
  return 1e-5 * std::max(1.0, std::abs(ref)) + 0x1p-23 * magnitude;
}

} // namespace attnjit

#endif // ATTNJIT_REFERENCE_ERRORBOUND_H
