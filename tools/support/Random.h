//===- Random.h - Random contents of tensors ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Contents that are the same on every machine for the same seed and name, and
// fast enough that filling a tensor costs no more than a few times writing it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_RANDOM_H
#define ATTNJIT_TOOLS_SUPPORT_RANDOM_H

#include "support/Array.h"

#include "attnjit/Support/Capture.h"

#include <cstdint>
#include <string_view>

namespace attnjit::tool {

/// SplitMix64 (Steele, Lea, Flood 2014), one stream per seed and name: a mod
/// that declares one buffer more does not change q.
class Random {
public:
  Random(uint64_t seed, std::string_view stream);

  uint64_t next();
  /// Uniform in [0, 1).
  double uniform();
  /// Uniform in [low, high]; low <= high.
  int64_t integer(int64_t low, int64_t high);
  /// About N(0, 1): the sum of four uniform numbers, so at most 3.5 away.
  float normal();

private:
  uint64_t state;
};

/// Fills an array of f32, f16 or bf16 by `normal`.
void fillNormal(Array &array, Random &random);

/// Fills a captured buffer as its declaration says: within its range, and
/// sorted along the last axis where it is declared so. Without a range,
/// floating-point values are normal, integers lie in [0, integerLimit) (u8: at
/// most 255) and bool ones are true half of the time.
void fillBuffer(Array &array, const BufferDecl &decl, int64_t integerLimit,
                Random &random);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_RANDOM_H
