//===- Shape.h - Sizes of a problem, as options give them -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parses "B=1,Hq=32,Hkv=8,Sq=2048,Skv=2048,D=128". Only the text is checked
// here; which sizes a kernel takes, the library says.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_SHAPE_H
#define ATTNJIT_TOOLS_SUPPORT_SHAPE_H

#include "attnjit/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace attnjit::tool {

/// Sizes of q [B, Hq, Sq, D], k [B, Hkv, Skv, D] and v [B, Hkv, Skv, Dv].
struct Shape {
  int64_t B = 1, Hq = 0, Hkv = 0, Sq = 0, Skv = 0, D = 0, Dv = 0;

  /// B is 1 unless given, Hkv is Hq, Skv is Sq, Dv is D, and D is `defaultD`
  /// where that is given; the others must stand there. Sizes are 0 or more and
  /// below 2^31.
  static Expected<Shape> parse(std::string_view text,
                               std::optional<int64_t> defaultD = std::nullopt);

  /// Useful operations of a run that keeps that share of all pairs: a
  /// multiplication and an addition for each of D and Dv elements.
  double flops(double keptFraction) const;

  /// "B=1,Hq=32,...": all seven.
  std::string text() const;

  bool operator==(const Shape &) const = default;
};

/// Head sizes as "D" or "D,Dv"; Dv is D unless given.
struct HeadDim {
  int64_t D = 0, Dv = 0;

  static Expected<HeadDim> parse(std::string_view text);
};

/// A decimal integer of type `Integer` and nothing else.
template <typename Integer>
std::optional<Integer> parseInteger(std::string_view text);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_SHAPE_H
