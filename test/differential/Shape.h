//===- Shape.h - What a run of a mod can look like ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The factors of a run besides its mod: sizes, layouts, optional arguments and
// data; and the cover of all their pairs that mods are run over.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_DIFFERENTIAL_SHAPE_H
#define ATTNJIT_TEST_DIFFERENTIAL_SHAPE_H

#include "GuardedMemory.h"

#include "attnjit/Support/DType.h"

#include <cstdint>
#include <string>
#include <vector>

namespace attnjit::test {

enum class Offsets {
  None,
  Scalar,   ///< q and kv shifted by a few positions
  PerBatch, ///< another shift for each batch entry
  Before,   ///< q shifted so that half of the rows come before every key
};
enum class ScaleKind { Default, Zero, Negative, Large };
enum class MaskKind {
  None,
  PerKey,  ///< [B, 1, 1, Skv]
  PerPair, ///< [1, 1, Sq, Skv], or without the first two axes
  Full,    ///< [B, Hq, Sq, Skv]
  PerRow,  ///< [B, 1, Sq, 1]
};
enum class Layout {
  BHSD,
  BSHD,
  Padded,         ///< gaps after rows, heads and batch entries
  Fused,          ///< q, k, v (or k, v) interleaved in one tensor
  BroadcastBatch, ///< k and v with batch stride 0
  Backwards,      ///< negative strides, but for the last axis
};
enum class Data {
  Normal,
  Rising,  ///< scores grow along the keys: the maximum moves often
  Falling, ///< and shrink: most weights vanish
};

enum class Drop {
  None,    ///< a kernel without dropout
  Unasked, ///< a kernel with it, a run without
  Ignored, ///< a run that is deterministic
  Never,   ///< rate 0
  Some,    ///< rate 0.1
  Most,    ///< rate 0.9
};

/// How far scores rise or fall along the keys, where the scale is 1/sqrt(D).
inline constexpr float kRise = 45;
/// ScaleKind::Large, in units of 1/sqrt(D).
inline constexpr float kLargeScale = 3;

struct Shape {
  int64_t B = 1, Hkv = 1, group = 1, Sq = 1, Skv = 1, D = 8, Dv = 8;
  bool lse = true;
  Offsets offsets = Offsets::None;
  ScaleKind scale = ScaleKind::Default;
  MaskKind mask = MaskKind::None;
  Layout layout = Layout::BHSD;
  Data data = Data::Normal;
  Flush flush = Flush::End;
  DType dtype = DType::F32; ///< of q, k, v and out
  Drop drop = Drop::None;

  int64_t Hq() const { return Hkv * group; }
  /// By how much the error bound grows for this data: it is stated for a scale
  /// of about 1/sqrt(D) and entries of unit size; else the partial sums of the
  /// scores take the place of sqrt(D) in it (docs/numerics.md, assumption 2).
  double boundFactor() const;
  /// One line that names every factor.
  std::string describe() const;
};

/// Shapes that hold every pair of factors, as far as a run stays within some
/// hundred million operations and the model of the error bound. Always the
/// same.
const std::vector<Shape> &coveringShapes();

} // namespace attnjit::test

#endif // ATTNJIT_TEST_DIFFERENTIAL_SHAPE_H
