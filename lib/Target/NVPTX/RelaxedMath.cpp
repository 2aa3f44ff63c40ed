//===- RelaxedMath.cpp - Functions of scores on a GPU ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tools/coefficients/fit.py has the fits.
//
//===----------------------------------------------------------------------===//

#include "RelaxedMath.h"

#include <numbers>

using namespace mlir;

namespace attnjit::nvptx {

static constexpr float kLog2E = std::numbers::log2e_v<float>;

/// A product and a sum may become one instruction.
static constexpr auto kContract = arith::FastMathFlags::contract;

/// (tanh(x) / x - 1) / x^2 in x^2, for |x| <= 0.6: error 8.4e-8 relative to
/// tanh x.
static constexpr float kTanh[] = {-0.333325982f, 0.133131266f, -0.0522122309f,
                                  0.0156132001f};

/// 1 - 2 / (e^2x + 1). Where tanh is small that would cancel, and a polynomial
/// takes its place.
static Value emitTanh(GpuIr &ir, Value x) {
  Value e = ir.exp2Approx(ir.fmul(x, ir.cF32(2 * kLog2E)));
  Value r = ir.reciprocalApprox(ir.fadd(e, ir.cF32(1)));
  Value large = ir.fma(r, ir.cF32(-2), ir.cF32(1));
  Value u = ir.fmul(x, x);
  Value p = ir.cF32(kTanh[3]);
  for (int i = 2; i >= 0; --i)
    p = ir.fma(p, u, ir.cF32(kTanh[i]));
  Value small = ir.fma(ir.fmul(p, u), x, x);
  Value isSmall = ir.fcmp(Ir::FPred::OLT, ir.fabs(x), ir.cF32(0.6f));
  return ir.select(isSmall, small, large);
}

Value emitRelaxed(GpuIr &ir, Op op, ValueRange operands) {
  if (!operands[0].getType().isF32())
    return nullptr;
  Value x = operands[0];
  switch (op) {
  case Op::Add:
    return ir.fadd(x, operands[1], kContract);
  case Op::Sub:
    return ir.fsub(x, operands[1], kContract);
  case Op::Mul:
    return ir.fmul(x, operands[1], kContract);
  case Op::Div:
    return ir.divideApprox(x, operands[1]);
  case Op::Exp:
    return ir.exp2Approx(ir.fmul(x, ir.cF32(kLog2E)));
  case Op::Rsqrt:
    return ir.rsqrtApprox(x);
  case Op::Sigmoid: {
    Value e = ir.exp2Approx(ir.fmul(x, ir.cF32(-kLog2E)));
    return ir.reciprocalApprox(ir.fadd(e, ir.cF32(1)));
  }
  case Op::Tanh:
    return emitTanh(ir, x);
  default:
    return nullptr;
  }
}

} // namespace attnjit::nvptx
