//===- OnlineSoftmax.cpp - The formulas of the online softmax -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With a score mod, m stays in the units of its result: m * log2(e) could
// overflow where a finite minimum such as -3e38 stands for a mask.
//
//===----------------------------------------------------------------------===//

#include "OnlineSoftmax.h"

#include "attnjit/Frontend/EmitMath.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace attnjit::cpu {

/// In units of log 2. The accumulator holds weights of up to 2^8 then, so a
/// value of v may be as large as 2^120 / Skv before sums overflow that the
/// definition, whose weights are at most 1, keeps finite.
static constexpr float kLazyThreshold = 8.0f;

Value constantLike(Ir &ir, Value like, float value) {
  TypedAttr scalar = ir.b.getF32FloatAttr(value);
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    scalar = DenseElementsAttr::get(vector, scalar);
  return arith::ConstantOp::create(ir.b, ir.loc, scalar);
}

Value OnlineSoftmax::queryScale(Ir &ir, Value scale) const {
  return log2 ? ir.fmul(scale, ir.cF32(std::numbers::log2e_v<float>)) : scale;
}

float OnlineSoftmax::margin() const {
  return log2 ? kLazyThreshold : kLazyThreshold * std::numbers::ln2_v<float>;
}

Value OnlineSoftmax::weight(Ir &ir, Value score, Value reference) const {
  Value exponent = ir.fsub(score, reference);
  if (!log2)
    exponent = ir.fmul(
        exponent, constantLike(ir, exponent, std::numbers::log2e_v<float>));
  return emitSoftmaxExp2(ir.b, ir.loc, exponent);
}

OnlineSoftmax::Row OnlineSoftmax::close(Ir &ir, Value m, Value l,
                                        Value sink) const {
  Row row = {ir.fcmp(Ir::FPred::OEQ, l, constantLike(ir, l, 0.0f)), m, l,
             constantLike(ir, l, 1.0f), nullptr};
  Value lseOfNone = constantLike(ir, l, -INFINITY);
  if (sink) {
    lseOfNone = sink;
    if (log2)
      sink =
          ir.fmul(sink, constantLike(ir, sink, std::numbers::log2e_v<float>));
    // The sink is a key without a value: m and l as if it came last.
    row.m = ir.fmax(m, sink);
    row.accFactor = weight(ir, m, row.m);
    row.l = ir.fadd(ir.fmul(l, row.accFactor), weight(ir, sink, row.m));
  }
  Value lse =
      log2 ? ir.fmul(ir.fadd(row.m, emitUnary(ir.b, ir.loc, Op::Log2, row.l)),
                     constantLike(ir, row.m, std::numbers::ln2_v<float>))
           : ir.fadd(row.m, emitUnary(ir.b, ir.loc, Op::Log, row.l));
  row.lse = ir.select(row.none, lseOfNone, lse);
  return row;
}

} // namespace attnjit::cpu
