//===- EmitMath.cpp - Code for the functions of the language --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From an operation to the function that emits it, and those functions that
// are a few instructions.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Frontend/EmitMath.h"

#include "EmitMathFunctions.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attnjit {

//===----------------------------------------------------------------------===//
// Signs
//===----------------------------------------------------------------------===//

static Lanes emitAbs(Lanes x) {
  if (x.isFloat())
    return abs(x);
  // Wraps: the smallest integer is its own absolute value.
  return x.emit<LLVM::AbsOp>(x.type(), x, /*is_int_min_poison=*/false);
}

static Lanes emitSign(Lanes x) {
  if (!x.isFloat())
    return x.emit<arith::MaxSIOp>(x.emit<arith::MinSIOp>(x, x.constant(1)),
                                  x.constant(-1));
  // Zeros and NaN are their own sign: neither is below or above 0.
  Lanes one = x.emit<LLVM::CopySignOp>(x.constant(1), x);
  return select(greater(abs(x), 0), one, x);
}

//===----------------------------------------------------------------------===//
// Minimum and maximum
//===----------------------------------------------------------------------===//

/// Whether `value` is a constant that is neither zero nor NaN in any lane.
static bool isPlainConstant(Value value) {
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    value = broadcast.getSource();
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return false;
  auto isPlain = [](const APFloat &f) { return !f.isZero() && !f.isNaN(); };
  if (auto number = dyn_cast<FloatAttr>(attr))
    return isPlain(number.getValue());
  if (auto elements = dyn_cast<DenseFPElementsAttr>(attr))
    return llvm::all_of(elements.getValues<APFloat>(), isPlain);
  return false;
}

/// The operands so that a plain constant, if there is one, comes first; then
/// one x86 instruction is enough, whose second operand wins on NaN.
static bool constantFirst(Lanes &x, Lanes &y) {
  if (isPlainConstant(y))
    std::swap(x, y);
  return isPlainConstant(x);
}

static Lanes emitMin(Lanes x, Lanes y) {
  if (!x.isFloat())
    return x.emit<arith::MinSIOp>(x, y);
  if (constantFirst(x, y))
    return minOrSecond(x, y);
  // Where neither is NaN and not both are zeros, the two orders agree. The
  // `or` of a NaN and anything is a NaN, and that of zeros the lesser one.
  return (minOrSecond(x, y).bits() | minOrSecond(y, x).bits()).bitsAsFloat();
}

static Lanes emitMax(Lanes x, Lanes y) {
  if (!x.isFloat())
    return x.emit<arith::MaxSIOp>(x, y);
  if (constantFirst(x, y))
    return maxOrSecond(x, y);
  // As for the minimum, but `and` may lose a NaN, so it is put back.
  Lanes both = maxOrSecond(x, y).bits() & maxOrSecond(y, x).bits();
  Lanes isNaN = x.emit<arith::CmpFOp>(arith::CmpFPredicate::UNO, x, y);
  Lanes allOnes = both.emit<arith::ExtSIOp>(both.type(), isNaN);
  return (both | allOnes).bitsAsFloat();
}

/// max(x, 0): NaN passes, and adding 0 turns the -0 that passes into +0.
static Lanes emitRelu(Lanes x) { return maxOrSecond(0, x) + 0; }

//===----------------------------------------------------------------------===//
// Dispatch
//===----------------------------------------------------------------------===//

static Lanes emit(Op op, Lanes x) {
  switch (op) {
  case Op::Abs:
    return emitAbs(x);
  case Op::Sign:
    return emitSign(x);
  case Op::Floor:
    return floor(x);
  case Op::Ceil:
    return x.emit<LLVM::FCeilOp>(x);
  case Op::Trunc:
    return trunc(x);
  case Op::Round:
    return round(x);
  case Op::Exp:
    return emitExp(x);
  case Op::Exp2:
    return emitExp2(x);
  case Op::Log:
    return emitLog(x);
  case Op::Log2:
    return emitLog2(x);
  case Op::Sqrt:
    return sqrt(x);
  case Op::Rsqrt:
    return 1 / sqrt(x);
  case Op::Tanh:
    return emitTanh(x);
  case Op::Sigmoid:
    return emitSigmoid(x);
  case Op::Erf:
    return emitErf(x);
  case Op::Sin:
    return emitSin(x);
  case Op::Cos:
    return emitCos(x);
  case Op::Gelu:
    return emitGelu(x);
  case Op::Relu:
    return emitRelu(x);
  case Op::ToI32:
    return emitSaturateToI32(x);
  default:
    llvm_unreachable("not a unary function");
  }
}

static Lanes emit(Op op, Lanes x, Lanes y) {
  switch (op) {
  case Op::Min:
    return emitMin(x, y);
  case Op::Max:
    return emitMax(x, y);
  case Op::Pow:
    return emitPow(x, y);
  case Op::FloorDiv:
    return emitFloorDiv(x, y);
  case Op::Mod:
    return emitFloorMod(x, y);
  case Op::Shl:
    return emitShiftLeft(x, y);
  case Op::Shr:
    return emitShiftRight(x, y);
  default:
    llvm_unreachable("not a binary function");
  }
}

Value emitUnary(OpBuilder &b, Location loc, Op op, Value x) {
  return emit(op, Lanes(b, loc, x));
}

Value emitBinary(OpBuilder &b, Location loc, Op op, Value x, Value y) {
  return emit(op, Lanes(b, loc, x), Lanes(b, loc, y));
}

Value emitSoftmaxExp2(OpBuilder &b, Location loc, Value x) {
  return emitSoftmaxExp2(Lanes(b, loc, x));
}

} // namespace attnjit
