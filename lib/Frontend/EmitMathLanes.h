//===- EmitMathLanes.h - Values that read like numbers ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A Lanes is an MLIR value, scalar or vector, with the builder that extends
// it, so that emitting a formula reads like the formula. A C++ number beside a
// Lanes is a constant of the same type. Operators emit exactly one operation:
// nothing is reassociated or contracted, `fma` is where it is written.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_FRONTEND_EMITMATHLANES_H
#define ATTNJIT_LIB_FRONTEND_EMITMATHLANES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

#include <concepts>

namespace attnjit {

template <typename T>
concept Number = std::integral<T> || std::floating_point<T>;

class Lanes {
public:
  Lanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value)
      : builder(&builder), loc(loc), value(value) {}

  operator mlir::Value() const { return value; }
  mlir::OpBuilder &b() const { return *builder; }
  mlir::Location where() const { return loc; }
  mlir::Type type() const { return value.getType(); }
  mlir::Type element() const { return mlir::getElementTypeOrSelf(value); }
  bool isFloat() const { return llvm::isa<mlir::FloatType>(element()); }
  unsigned bitWidth() const { return element().getIntOrFloatBitWidth(); }

  /// `element` in as many lanes as here.
  mlir::Type typed(mlir::Type element) const {
    if (auto vector = llvm::dyn_cast<mlir::VectorType>(type()))
      return vector.clone(element);
    return element;
  }
  mlir::Type integers(unsigned width) const {
    return typed(builder->getIntegerType(width));
  }
  mlir::Type f64() const { return typed(builder->getF64Type()); }
  mlir::Type f32() const { return typed(builder->getF32Type()); }

  Lanes make(mlir::Value other) const { return {*builder, loc, other}; }

  template <typename OpTy, typename... Operands>
  Lanes emit(Operands &&...operands) const {
    return make(OpTy::create(*builder, loc, unwrap(operands)...));
  }

  /// `number` in every lane.
  template <Number T> Lanes constant(T number) const {
    mlir::TypedAttr attr;
    if (isFloat())
      attr = builder->getFloatAttr(element(), static_cast<double>(number));
    else
      attr = builder->getIntegerAttr(
          element(), llvm::APInt(bitWidth(), static_cast<uint64_t>(number),
                                 /*isSigned=*/true, /*implicitTrunc=*/true));
    if (auto vector = llvm::dyn_cast<mlir::VectorType>(type()))
      attr = mlir::DenseElementsAttr::get(vector, attr);
    return emit<mlir::arith::ConstantOp>(attr);
  }

  /// The same bits as integers, or as floats.
  Lanes bits() const {
    return emit<mlir::arith::BitcastOp>(integers(bitWidth()), value);
  }
  Lanes bitsAsFloat() const {
    return emit<mlir::arith::BitcastOp>(bitWidth() == 64 ? f64() : f32(),
                                        value);
  }

private:
  template <typename T> static const T &unwrap(const T &operand) {
    return operand;
  }
  static mlir::Value unwrap(const Lanes &operand) { return operand; }

  mlir::OpBuilder *builder;
  mlir::Location loc;
  mlir::Value value;
};

//===--- Operators --------------------------------------------------------===//

#define ATTNJIT_LANES_OPERATOR(symbol, FloatOp, IntOp)                         \
  inline Lanes operator symbol(Lanes x, Lanes y) {                             \
    return x.isFloat() ? x.emit<FloatOp>(x, y) : x.emit<IntOp>(x, y);          \
  }                                                                            \
  inline Lanes operator symbol(Lanes x, Number auto y) {                       \
    return x symbol x.constant(y);                                             \
  }                                                                            \
  inline Lanes operator symbol(Number auto x, Lanes y) {                       \
    return y.constant(x) symbol y;                                             \
  }
ATTNJIT_LANES_OPERATOR(+, mlir::arith::AddFOp, mlir::arith::AddIOp)
ATTNJIT_LANES_OPERATOR(-, mlir::arith::SubFOp, mlir::arith::SubIOp)
ATTNJIT_LANES_OPERATOR(*, mlir::arith::MulFOp, mlir::arith::MulIOp)
#undef ATTNJIT_LANES_OPERATOR

/// Of floats.
inline Lanes operator/(Lanes x, Lanes y) {
  return x.emit<mlir::arith::DivFOp>(x, y);
}
inline Lanes operator/(Number auto x, Lanes y) { return y.constant(x) / y; }

#define ATTNJIT_LANES_OPERATOR(symbol, IntOp)                                  \
  inline Lanes operator symbol(Lanes x, Lanes y) {                             \
    return x.emit<IntOp>(x, y);                                                \
  }                                                                            \
  inline Lanes operator symbol(Lanes x, Number auto y) {                       \
    return x symbol x.constant(y);                                             \
  }
ATTNJIT_LANES_OPERATOR(&, mlir::arith::AndIOp)
ATTNJIT_LANES_OPERATOR(|, mlir::arith::OrIOp)
ATTNJIT_LANES_OPERATOR(^, mlir::arith::XOrIOp)
/// The count must be below the width.
ATTNJIT_LANES_OPERATOR(<<, mlir::arith::ShLIOp)
/// Arithmetic. The count must be below the width.
ATTNJIT_LANES_OPERATOR(>>, mlir::arith::ShRSIOp)
#undef ATTNJIT_LANES_OPERATOR

inline Lanes shiftRightLogical(Lanes x, Number auto count) {
  return x.emit<mlir::arith::ShRUIOp>(x, x.constant(count));
}

//===--- Comparisons: lanes of i1 -----------------------------------------===//

#define ATTNJIT_LANES_COMPARISON(name, floatPredicate, intPredicate)           \
  inline Lanes name(Lanes x, Lanes y) {                                        \
    using mlir::arith::CmpFPredicate;                                          \
    using mlir::arith::CmpIPredicate;                                          \
    return x.isFloat()                                                         \
               ? x.emit<mlir::arith::CmpFOp>(CmpFPredicate::floatPredicate, x, \
                                             y)                                \
               : x.emit<mlir::arith::CmpIOp>(CmpIPredicate::intPredicate, x,   \
                                             y);                               \
  }                                                                            \
  inline Lanes name(Lanes x, Number auto y) { return name(x, x.constant(y)); } \
  inline Lanes name(Number auto x, Lanes y) { return name(y.constant(x), y); }
/// A NaN operand makes these false, and `differ` true.
ATTNJIT_LANES_COMPARISON(less, OLT, slt)
ATTNJIT_LANES_COMPARISON(lessEqual, OLE, sle)
ATTNJIT_LANES_COMPARISON(greater, OGT, sgt)
ATTNJIT_LANES_COMPARISON(greaterEqual, OGE, sge)
ATTNJIT_LANES_COMPARISON(equal, OEQ, eq)
ATTNJIT_LANES_COMPARISON(differ, UNE, ne)
#undef ATTNJIT_LANES_COMPARISON

//===--- Selection --------------------------------------------------------===//

inline Lanes select(Lanes condition, Lanes x, Lanes y) {
  return x.emit<mlir::arith::SelectOp>(condition, x, y);
}
inline Lanes select(Lanes condition, Number auto x, Lanes y) {
  return select(condition, y.constant(x), y);
}
inline Lanes select(Lanes condition, Lanes x, Number auto y) {
  return select(condition, x, x.constant(y));
}

/// One instruction on x86: the second operand where either is NaN, and where
/// both are zeros. With a constant first, NaN passes.
inline Lanes minOrSecond(Lanes x, Lanes y) { return select(less(x, y), x, y); }
inline Lanes maxOrSecond(Lanes x, Lanes y) {
  return select(greater(x, y), x, y);
}
inline Lanes minOrSecond(Number auto x, Lanes y) {
  return minOrSecond(y.constant(x), y);
}
inline Lanes maxOrSecond(Number auto x, Lanes y) {
  return maxOrSecond(y.constant(x), y);
}

//===--- Functions of floats ----------------------------------------------===//

/// x * y + z, rounded once.
inline Lanes fma(Lanes x, Lanes y, Lanes z) {
  return x.emit<mlir::LLVM::FMAOp>(x, y, z);
}
inline Lanes fma(Lanes x, Number auto y, Lanes z) {
  return fma(x, x.constant(y), z);
}
inline Lanes fma(Lanes x, Lanes y, Number auto z) {
  return fma(x, y, x.constant(z));
}
inline Lanes fma(Lanes x, Number auto y, Number auto z) {
  return fma(x, x.constant(y), x.constant(z));
}

inline Lanes abs(Lanes x) { return x.emit<mlir::LLVM::FAbsOp>(x); }
inline Lanes negate(Lanes x) { return x.emit<mlir::arith::NegFOp>(x); }
inline Lanes sqrt(Lanes x) { return x.emit<mlir::LLVM::SqrtOp>(x); }
inline Lanes floor(Lanes x) { return x.emit<mlir::LLVM::FFloorOp>(x); }
inline Lanes trunc(Lanes x) { return x.emit<mlir::LLVM::FTruncOp>(x); }
/// Half to even.
inline Lanes round(Lanes x) { return x.emit<mlir::LLVM::RoundEvenOp>(x); }

/// c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule.
template <typename T> Lanes polynomial(Lanes x, llvm::ArrayRef<T> c) {
  Lanes sum = x.constant(c.back());
  for (T coefficient : llvm::reverse(c.drop_back()))
    sum = fma(sum, x, coefficient);
  return sum;
}
template <typename T, size_t N> Lanes polynomial(Lanes x, const T (&c)[N]) {
  return polynomial(x, llvm::ArrayRef<T>(c));
}

//===--- Conversions ------------------------------------------------------===//

inline Lanes toF64(Lanes x) {
  return x.isFloat() ? x.emit<mlir::arith::ExtFOp>(x.f64(), x)
                     : x.emit<mlir::arith::SIToFPOp>(x.f64(), x);
}
inline Lanes toF32(Lanes x) {
  return x.isFloat() ? x.emit<mlir::arith::TruncFOp>(x.f32(), x)
                     : x.emit<mlir::arith::SIToFPOp>(x.f32(), x);
}
/// The low 32 bits of i64 lanes.
inline Lanes lowHalf(Lanes x) {
  return x.emit<mlir::arith::TruncIOp>(x.integers(32), x);
}

} // namespace attnjit

#endif // ATTNJIT_LIB_FRONTEND_EMITMATHLANES_H
