//===- EmitFunction.cpp - One operation of the language as code -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is one instruction stands here; what needs an algorithm (division,
// shifts, saturating conversions, functions of f32) in EmitMath.
//
//===----------------------------------------------------------------------===//

#include "EmitFunction.h"

#include "attnjit/Frontend/EmitMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace attnjit {

namespace {
using mlir::Type;
using mlir::Value;

class FunctionEmitter {
public:
  FunctionEmitter(OpBuilder &builder, Location loc, ValueRange operands)
      : b(builder), loc(loc), x(operands) {}

  Value emit(Op op) {
    switch (op) {
    case Op::Neg:
      return isFloat() ? unary<arith::NegFOp>()
                       : binary<arith::SubIOp>(like(x[0], 0), x[0]);
    case Op::Not:
      return binary<arith::XOrIOp>(x[0], like(x[0], -1));
    case Op::Add:
      return isFloat() ? binary<arith::AddFOp>() : binary<arith::AddIOp>();
    case Op::Sub:
      return isFloat() ? binary<arith::SubFOp>() : binary<arith::SubIOp>();
    case Op::Mul:
      return isFloat() ? binary<arith::MulFOp>() : binary<arith::MulIOp>();
    case Op::Div:
      return binary<arith::DivFOp>();
    case Op::And:
      return binary<arith::AndIOp>();
    case Op::Or:
      return binary<arith::OrIOp>();
    case Op::Xor:
      return binary<arith::XOrIOp>();
    case Op::Lt:
      return compare(arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt);
    case Op::Le:
      return compare(arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle);
    case Op::Gt:
      return compare(arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt);
    case Op::Ge:
      return compare(arith::CmpFPredicate::OGE, arith::CmpIPredicate::sge);
    case Op::Eq:
      return compare(arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq);
    case Op::Ne:
      return compare(arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne);
    case Op::Where:
      return arith::SelectOp::create(b, loc, x[0], x[1], x[2]);
    case Op::ToF32:
      return toF32();
    case Op::ToBool:
      return toBool();
    case Op::ToI64:
      return arith::ExtSIOp::create(b, loc, typed(b.getI64Type()), x[0]);
    case Op::ToI32:
      return toI32();
    default:
      return math(op);
    }
  }

private:
  Type element() { return getElementTypeOrSelf(x[0].getType()); }
  bool isFloat() { return element().isF32(); }

  /// `type` with the operands' lanes.
  Type typed(Type type) {
    if (auto vector = dyn_cast<VectorType>(x[0].getType()))
      return VectorType::get(vector.getShape(), type);
    return type;
  }

  Value like(Value value, int64_t constant) {
    TypedAttr scalar =
        b.getIntegerAttr(getElementTypeOrSelf(value.getType()), constant);
    if (auto vector = dyn_cast<VectorType>(value.getType()))
      return arith::ConstantOp::create(b, loc,
                                       DenseElementsAttr::get(vector, scalar));
    return arith::ConstantOp::create(b, loc, scalar);
  }

  template <typename OpTy> Value unary() { return OpTy::create(b, loc, x[0]); }
  template <typename OpTy> Value binary() { return binary<OpTy>(x[0], x[1]); }
  template <typename OpTy> Value binary(Value l, Value r) {
    return OpTy::create(b, loc, l, r);
  }

  Value compare(arith::CmpFPredicate f, arith::CmpIPredicate i) {
    if (isFloat())
      return arith::CmpFOp::create(b, loc, f, x[0], x[1]);
    return arith::CmpIOp::create(b, loc, i, x[0], x[1]);
  }

  Value toF32() {
    if (isFloat())
      return x[0];
    Type f32 = typed(b.getF32Type());
    if (element().isInteger(1))
      return arith::UIToFPOp::create(b, loc, f32, x[0]);
    return arith::SIToFPOp::create(b, loc, f32, x[0]);
  }

  Value toI32() {
    Type i32 = typed(b.getI32Type());
    if (element().isInteger(1))
      return arith::ExtUIOp::create(b, loc, i32, x[0]);
    return element().isInteger(32) ? x[0] : math(Op::ToI32);
  }

  Value toBool() {
    if (element().isInteger(1))
      return x[0];
    if (!isFloat())
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x[0],
                                   like(x[0], 0));
    Value zero =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(x[0].getType()));
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x[0], zero);
  }

  Value math(Op op) {
    return x.size() == 1 ? emitUnary(b, loc, op, x[0])
                         : emitBinary(b, loc, op, x[0], x[1]);
  }

  OpBuilder &b;
  Location loc;
  ValueRange x;
};
} // namespace

mlir::Value emitFunction(OpBuilder &b, Location loc, Op op,
                         ValueRange operands) {
  return FunctionEmitter(b, loc, operands).emit(op);
}

} // namespace attnjit
