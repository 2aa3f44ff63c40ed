//===- OnlineSoftmax.h - The formulas of the online softmax -----*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row's state is m, a reference that scores are measured from, and l, the sum
// of exp(score - m) (Milakov and Gimelshein 2018). Every function takes
// scalars or vectors of f32.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_CPU_ONLINESOFTMAX_H
#define ATTNJIT_LIB_TARGET_CPU_ONLINESOFTMAX_H

#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Target/Common/Ir.h"

namespace attnjit::cpu {

using namespace codegen;
using mlir::Type;
using mlir::Value;

class OnlineSoftmax {
public:
  explicit OnlineSoftmax(attn::ForwardOp forward)
      : log2(forward.getNormalize() == attn::Normalization::Softmax &&
             forward.getScore().empty()) {}

  /// Whether scores are kept in units of log 2: where no score mod sees them.
  bool usesLog2() const { return log2; }

  /// What q is multiplied by, for the scale of the run.
  Value queryScale(Ir &ir, Value scale) const;

  /// Scores may exceed m by this much before it moves.
  float margin() const;

  /// exp(score - reference).
  Value weight(Ir &ir, Value score, Value reference) const;

  /// What the softmax of a row has come to, the sink included.
  struct Row {
    Value none;      ///< i1: no key is kept
    Value m, l;      ///< reference and sum
    Value accFactor; ///< brings sums of weighted v to m: 1 without a sink
    Value lse;       ///< of every row
  };

  /// For a row whose keys have come to m and l; `sink` in natural units, or
  /// null.
  Row close(Ir &ir, Value m, Value l, Value sink) const;

private:
  bool log2;
};

/// A constant of the type of `like`.
Value constantLike(Ir &ir, Value like, float value);

} // namespace attnjit::cpu

#endif // ATTNJIT_LIB_TARGET_CPU_ONLINESOFTMAX_H
