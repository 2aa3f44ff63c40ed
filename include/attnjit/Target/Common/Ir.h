//===- Ir.h - Terse construction of kernel code -----------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations that kernels are made of, each as one short call. Indices
// and offsets are i64; memory is reached through !llvm.ptr.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_COMMON_IR_H
#define ATTNJIT_TARGET_COMMON_IR_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

namespace attnjit::codegen {

// Here types and values are MLIR's, not those of expressions.
using mlir::Type;
using mlir::Value;

class Ir {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<mlir::Value>;
  using Pred = mlir::arith::CmpIPredicate;
  using FPred = mlir::arith::CmpFPredicate;

  Ir(mlir::OpBuilder &builder, int64_t lanes)
      : b(builder), loc(builder.getUnknownLoc()), lanes(lanes) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  int64_t lanes;

  //===--- Types ----------------------------------------------------------===//

  mlir::Type i1() { return b.getI1Type(); }
  mlir::Type i32() { return b.getI32Type(); }
  mlir::Type i64() { return b.getI64Type(); }
  mlir::Type f32() { return b.getF32Type(); }
  mlir::Type ptr() { return mlir::LLVM::LLVMPointerType::get(b.getContext()); }
  mlir::VectorType vec(mlir::Type element) {
    return mlir::VectorType::get(lanes, element);
  }

  //===--- Constants ------------------------------------------------------===//

  Value cI1(bool v) { return constant(b.getBoolAttr(v)); }
  Value cI32(int32_t v) { return constant(b.getI32IntegerAttr(v)); }
  Value cI64(int64_t v) { return constant(b.getI64IntegerAttr(v)); }
  Value cF32(float v) { return constant(b.getF32FloatAttr(v)); }
  Value splat(float v) {
    return constant(mlir::DenseElementsAttr::get(vec(f32()), v));
  }
  Value splat(int32_t v) {
    return constant(mlir::DenseElementsAttr::get(vec(i32()), v));
  }
  /// 0, 1, 2, ... in i32 lanes.
  Value iota() {
    llvm::SmallVector<int32_t> v(lanes);
    for (int64_t i = 0; i < lanes; ++i)
      v[i] = static_cast<int32_t>(i);
    return constant(
        mlir::DenseElementsAttr::get(vec(i32()), llvm::ArrayRef<int32_t>(v)));
  }
  Value broadcast(Value v) {
    return mlir::vector::BroadcastOp::create(b, loc, vec(v.getType()), v);
  }

  //===--- Integers -------------------------------------------------------===//

  Value add(Value x, Value y) {
    return mlir::arith::AddIOp::create(b, loc, x, y);
  }
  Value add(Value x, int64_t y) { return y ? add(x, cI64(y)) : x; }
  Value sub(Value x, Value y) {
    return mlir::arith::SubIOp::create(b, loc, x, y);
  }
  Value mul(Value x, Value y) {
    return mlir::arith::MulIOp::create(b, loc, x, y);
  }
  Value mul(Value x, int64_t y) { return mul(x, cI64(y)); }
  /// These three: for non-negative x and positive y.
  Value div(Value x, Value y) {
    return mlir::arith::DivUIOp::create(b, loc, x, y);
  }
  Value rem(Value x, Value y) {
    return mlir::arith::RemUIOp::create(b, loc, x, y);
  }
  Value divUp(Value x, Value y) { return div(add(x, sub(y, cI64(1))), y); }
  Value min(Value x, Value y) {
    return mlir::arith::MinSIOp::create(b, loc, x, y);
  }
  Value max(Value x, Value y) {
    return mlir::arith::MaxSIOp::create(b, loc, x, y);
  }
  Value cmp(Pred p, Value x, Value y) {
    return mlir::arith::CmpIOp::create(b, loc, p, x, y);
  }
  Value bitAnd(Value x, Value y) {
    return mlir::arith::AndIOp::create(b, loc, x, y);
  }
  Value bitOr(Value x, Value y) {
    return mlir::arith::OrIOp::create(b, loc, x, y);
  }
  Value bitXor(Value x, Value y) {
    return mlir::arith::XOrIOp::create(b, loc, x, y);
  }
  Value trunc32(Value x) {
    return mlir::arith::TruncIOp::create(b, loc, i32(), x);
  }
  Value ext64(Value x) {
    return mlir::arith::ExtSIOp::create(b, loc, i64(), x);
  }
  Value select(Value c, Value x, Value y) {
    return mlir::arith::SelectOp::create(b, loc, c, x, y);
  }

  //===--- Floats (scalars or vectors) ------------------------------------===//

  using FastMath = mlir::arith::FastMathFlags;
  Value fadd(Value x, Value y, FastMath flags = FastMath::none) {
    return mlir::arith::AddFOp::create(b, loc, x, y, flags);
  }
  Value fsub(Value x, Value y, FastMath flags = FastMath::none) {
    return mlir::arith::SubFOp::create(b, loc, x, y, flags);
  }
  Value fmul(Value x, Value y, FastMath flags = FastMath::none) {
    return mlir::arith::MulFOp::create(b, loc, x, y, flags);
  }
  Value fdiv(Value x, Value y) {
    return mlir::arith::DivFOp::create(b, loc, x, y);
  }
  Value fma(Value x, Value y, Value z) {
    return mlir::vector::FMAOp::create(b, loc, x, y, z);
  }
  Value fcmp(FPred p, Value x, Value y) {
    return mlir::arith::CmpFOp::create(b, loc, p, x, y);
  }
  Value isFalse(Value x) { return cmp(Pred::eq, x, cI1(false)); }
  Value isNotNull(Value pointer) {
    Value null = mlir::LLVM::ZeroOp::create(b, loc, ptr());
    return mlir::LLVM::ICmpOp::create(b, loc, mlir::LLVM::ICmpPredicate::ne,
                                      pointer, null);
  }

  /// y where x is NaN: one maxps.
  Value fmax(Value x, Value y) { return select(fcmp(FPred::OGT, x, y), x, y); }
  /// The lanes of x and y, in that order, which `lanes` names.
  Value shuffle(Value x, Value y, llvm::ArrayRef<int64_t> lanes) {
    return mlir::vector::ShuffleOp::create(b, loc, x, y, lanes);
  }
  /// Sum of all lanes.
  Value sumLanes(Value v) {
    return mlir::vector::ReductionOp::create(
        b, loc, mlir::vector::CombiningKind::ADD, v,
        mlir::arith::FastMathFlags::reassoc);
  }
  /// Largest of all lanes, none of them NaN.
  Value maxLane(Value v) {
    return mlir::vector::ReductionOp::create(
        b, loc, mlir::vector::CombiningKind::MAXNUMF, v);
  }
  /// Whether any lane of a vector of i1 is set.
  Value anyLane(Value v) {
    return mlir::vector::ReductionOp::create(
        b, loc, mlir::vector::CombiningKind::OR, v);
  }

  //===--- Memory ---------------------------------------------------------===//

  /// Address of element `index` (i64) of type `element`.
  Value at(Value base, mlir::Type element, Value index) {
    return mlir::LLVM::GEPOp::create(b, loc, ptr(), element, base, index);
  }
  Value at(Value base, mlir::Type element, int64_t index) {
    return mlir::LLVM::GEPOp::create(
        b, loc, ptr(), element, base,
        llvm::ArrayRef<mlir::LLVM::GEPArg>{static_cast<int32_t>(index)});
  }
  Value byteAt(Value base, int64_t offset) {
    return at(base, b.getI8Type(), offset);
  }
  Value load(mlir::Type type, Value address) {
    return mlir::LLVM::LoadOp::create(b, loc, type, address, alignOf(type));
  }
  void store(Value value, Value address) {
    mlir::LLVM::StoreOp::create(b, loc, value, address,
                                alignOf(value.getType()));
  }
  Value loadVec(Value address) { return load(vec(f32()), address); }
  Value loadVecI32(Value address) { return load(vec(i32()), address); }

  /// Asks for the cache line of an address in L2, to be read.
  void prefetch(Value address) {
    mlir::LLVM::Prefetch::create(b, loc, address, /*rw=*/0, /*hint=*/2,
                                 /*cache=*/1);
  }

  //===--- Control --------------------------------------------------------===//

  /// for (iv = lo; iv < hi; iv += step) with values carried from iteration to
  /// iteration; `body` gives the next ones.
  Values loop(Value lo, Value hi, int64_t step, mlir::ValueRange inits,
              llvm::function_ref<Values(Value iv, mlir::ValueRange)> body) {
    auto op = mlir::scf::ForOp::create(b, loc, lo, hi, cI64(step), inits);
    mlir::OpBuilder::InsertionGuard guard(b);
    if (inits.empty())
      b.setInsertionPoint(op.getBody()->getTerminator());
    else
      b.setInsertionPointToEnd(op.getBody());
    Values next = body(op.getInductionVar(), op.getRegionIterArgs());
    if (!inits.empty())
      mlir::scf::YieldOp::create(b, loc, next);
    return Values(op.getResults());
  }
  void loop(Value lo, Value hi, int64_t step,
            llvm::function_ref<void(Value iv)> body) {
    loop(lo, hi, step, {}, [&](Value iv, mlir::ValueRange) {
      body(iv);
      return Values();
    });
  }
  void loop(int64_t hi, int64_t step, llvm::function_ref<void(Value iv)> body) {
    loop(cI64(0), cI64(hi), step, body);
  }

  /// while (condition(state)) state = body(state); gives the last state.
  Values whileLoop(mlir::ValueRange inits,
                   llvm::function_ref<Value(mlir::ValueRange state)> condition,
                   llvm::function_ref<Values(mlir::ValueRange state)> body) {
    auto op = mlir::scf::WhileOp::create(
        b, loc, inits.getTypes(), inits,
        [&](mlir::OpBuilder &, mlir::Location, mlir::ValueRange state) {
          mlir::scf::ConditionOp::create(b, loc, condition(state), state);
        },
        [&](mlir::OpBuilder &, mlir::Location, mlir::ValueRange state) {
          mlir::scf::YieldOp::create(b, loc, body(state));
        });
    return Values(op.getResults());
  }

  void ifThen(Value condition, llvm::function_ref<void()> then) {
    auto op = mlir::scf::IfOp::create(b, loc, condition,
                                      /*withElseRegion=*/false);
    mlir::OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op.thenYield());
    then();
  }
  Values ifElse(mlir::TypeRange types, Value condition,
                llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise) {
    auto op = mlir::scf::IfOp::create(b, loc, types, condition,
                                      /*withElseRegion=*/true);
    mlir::OpBuilder::InsertionGuard guard(b);
    auto fill = [&](mlir::Block *block, llvm::function_ref<Values()> branch) {
      // Without results the branches have their terminators already.
      b.setInsertionPointToStart(block);
      Values values = branch();
      if (!types.empty())
        mlir::scf::YieldOp::create(b, loc, values);
    };
    fill(op.thenBlock(), then);
    fill(op.elseBlock(), otherwise);
    return Values(op.getResults());
  }
  /// The condition, known to be rarely true.
  Value unlikely(Value condition) {
    return mlir::LLVM::ExpectOp::create(b, loc, condition, cI1(false));
  }

private:
  Value constant(mlir::TypedAttr value) {
    return mlir::arith::ConstantOp::create(b, loc, value);
  }
  /// Tensors are aligned to their element, no more.
  static unsigned alignOf(mlir::Type type) {
    if (mlir::isa<mlir::LLVM::LLVMPointerType>(type))
      return 8;
    return mlir::getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8;
  }
};

} // namespace attnjit::codegen

#endif // ATTNJIT_TARGET_COMMON_IR_H
