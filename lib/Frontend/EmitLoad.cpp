//===- EmitLoad.cpp - Loads of captured buffers ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Subscripts are clamped in i32, on all lanes at once; offsets are 64-bit.
// Lanes that are not seen to be consecutive are loaded one by one: the gather
// instructions of 1- and 2-byte elements would read past the end of a buffer.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Frontend/EmitLoad.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace attnjit {

namespace {
using mlir::Type;
using mlir::Value;

/// Emits one load; bundles what every step needs.
class LoadEmitter {
public:
  LoadEmitter(OpBuilder &builder, Location loc, const BufferAccess &buffer)
      : b(builder), loc(loc), buffer(buffer) {}

  Value emit(ArrayRef<Value> subscripts, ArrayRef<int> steps,
             unsigned inBounds) {
    for (auto [axis, subscript] : llvm::enumerate(subscripts)) {
      clamped.push_back(inBounds >> axis & 1
                            ? subscript
                            : clamp(subscript, buffer.last[axis]));
      if (isVector(subscript))
        varying.push_back(axis);
    }
    // Axes with one subscript for all lanes share their part of the offset.
    uniform = i64(0);
    for (auto [axis, subscript] : llvm::enumerate(clamped))
      if (!isVector(subscript))
        uniform = addOffset(uniform, subscript, axis);
    if (varying.empty())
      return convert(loadElement(uniform));
    if (varying.size() == 1 && steps[varying.front()])
      return convert(emitRun(steps[varying.front()]));
    return convert(emitLanes());
  }

  Value emitOffset(ArrayRef<Value> subscripts) {
    Value offset = i64(0);
    for (auto [axis, subscript] : llvm::enumerate(subscripts))
      if (subscript)
        offset = addOffset(offset, clamp(subscript, buffer.last[axis]), axis);
    return offset;
  }

  /// From the stored type to f32, i32 or i1.
  Value convert(Value raw) {
    Type f32 = withLanes(raw, b.getF32Type());
    Type i32 = withLanes(raw, b.getI32Type());
    if (buffer.element.isF16())
      return arith::ExtFOp::create(b, loc, f32, raw);
    if (buffer.element.isBF16()) {
      Value wide = arith::ExtUIOp::create(b, loc, i32, raw);
      Value bits = arith::ShLIOp::create(b, loc, wide, like(wide, 16));
      return arith::BitcastOp::create(b, loc, f32, bits);
    }
    if (buffer.element.isInteger(64)) {
      Value low = arith::MaxSIOp::create(
          b, loc, raw, like(raw, std::numeric_limits<int32_t>::min()));
      Value both = arith::MinSIOp::create(
          b, loc, low, like(raw, std::numeric_limits<int32_t>::max()));
      return arith::TruncIOp::create(b, loc, i32, both);
    }
    if (buffer.element.isUnsignedInteger(8))
      return arith::ExtUIOp::create(b, loc, i32, raw);
    if (buffer.element.isInteger(8))
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, raw,
                                   like(raw, 0));
    return raw;
  }

private:
  static bool isVector(Value value) { return isa<VectorType>(value.getType()); }

  int64_t lanes() {
    return cast<VectorType>(clamped[varying.front()].getType())
        .getNumElements();
  }

  /// One element a lane.
  Value emitLanes() {
    Value result = arith::ConstantOp::create(
        b, loc, b.getZeroAttr(VectorType::get(lanes(), storageType())));
    for (int64_t lane = 0; lane < lanes(); ++lane) {
      Value offset = uniform;
      for (size_t axis : varying)
        offset = addOffset(
            offset, vector::ExtractOp::create(b, loc, clamped[axis], lane),
            axis);
      result =
          vector::InsertOp::create(b, loc, loadElement(offset), result, lane);
    }
    return result;
  }

  /// One load of all lanes where they lie one after another, one element where
  /// they are the same. Compared are clamped subscripts: what they span, when
  /// they pass, lies in the buffer.
  Value emitRun(int step) {
    size_t axis = varying.front();
    Value subscript = clamped[axis];
    auto type = cast<VectorType>(subscript.getType());
    Value first = vector::ExtractOp::create(b, loc, subscript, 0);
    Value splat = vector::BroadcastOp::create(b, loc, type, first);
    SmallVector<int32_t> distances;
    for (int32_t lane = 0; lane < lanes(); ++lane)
      distances.push_back(step * lane);
    Value run = arith::AddIOp::create(
        b, loc, splat,
        arith::ConstantOp::create(
            b, loc,
            DenseElementsAttr::get(type, ArrayRef<int32_t>(distances))));
    Value isUnit = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                         buffer.stride[axis], i64(1));
    Value isRun = arith::AndIOp::create(b, loc, isUnit, equal(subscript, run));
    return branch(
        isRun,
        [&] {
          // Elements lie in rising order, lanes of a falling run do not.
          Value low = step > 0 ? first
                               : vector::ExtractOp::create(b, loc, subscript,
                                                           lanes() - 1)
                                     .getResult();
          Value elements = load(VectorType::get(lanes(), storageType()),
                                addOffset(uniform, low, axis));
          return step > 0 ? elements : reverse(elements);
        },
        [&] {
          return branch(
              equal(subscript, splat),
              [&] {
                Value element = loadElement(addOffset(uniform, first, axis));
                return vector::BroadcastOp::create(
                           b, loc, VectorType::get(lanes(), storageType()),
                           element)
                    .getResult();
              },
              [&] { return emitLanes(); });
        });
  }

  /// Whether all lanes of two vectors are equal.
  Value equal(Value x, Value y) {
    Value lanewise =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y);
    return vector::ReductionOp::create(b, loc, vector::CombiningKind::AND,
                                       lanewise);
  }

  Value reverse(Value x) {
    auto order = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, lanes())));
    return vector::ShuffleOp::create(b, loc, x, x, order);
  }

  Value branch(Value condition, function_ref<Value()> then,
               function_ref<Value()> otherwise) {
    auto op = scf::IfOp::create(b, loc, VectorType::get(lanes(), storageType()),
                                condition,
                                /*withElseRegion=*/true);
    auto fill = [&](Block *block, function_ref<Value()> emit) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(block);
      scf::YieldOp::create(b, loc, emit());
    };
    fill(op.thenBlock(), then);
    fill(op.elseBlock(), otherwise);
    return op.getResult(0);
  }

  Value i64(int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  }

  /// A constant of the value's type, splat over lanes.
  Value like(Value value, int64_t constant) {
    Type element = getElementTypeOrSelf(value.getType());
    TypedAttr scalar = b.getIntegerAttr(element, constant);
    if (auto type = dyn_cast<VectorType>(value.getType()))
      return arith::ConstantOp::create(b, loc,
                                       DenseElementsAttr::get(type, scalar));
    return arith::ConstantOp::create(b, loc, scalar);
  }

  Value clamp(Value subscript, Value last) {
    if (auto type = dyn_cast<VectorType>(subscript.getType()))
      last = vector::BroadcastOp::create(b, loc, type, last);
    Value low = arith::MaxSIOp::create(b, loc, subscript, like(subscript, 0));
    return arith::MinSIOp::create(b, loc, low, last);
  }

  Value addOffset(Value offset, Value subscript, size_t axis) {
    Type wide = withLanes(subscript, b.getI64Type());
    Value scaled = arith::MulIOp::create(
        b, loc, arith::ExtSIOp::create(b, loc, wide, subscript),
        splatLike(buffer.stride[axis], wide));
    Type sum = isVector(offset) ? offset.getType() : wide;
    return arith::AddIOp::create(b, loc, splatLike(offset, sum),
                                 splatLike(scaled, sum));
  }

  /// A value of the element's type in every lane of `type`, if it has lanes.
  Value splatLike(Value value, Type type) {
    if (value.getType() == type)
      return value;
    return vector::BroadcastOp::create(b, loc, type, value);
  }

  Type storageType() { return storageTypeOf(buffer); }

  Value loadElement(Value offset) { return load(storageType(), offset); }

  /// An element, or a vector of consecutive ones.
  Value load(Type type, Value offset) {
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    Type element = storageType();
    Value address =
        LLVM::GEPOp::create(b, loc, pointer, element, buffer.base, offset);
    return LLVM::LoadOp::create(b, loc, type, address,
                                element.getIntOrFloatBitWidth() / 8);
  }

  Type withLanes(Value value, Type element) {
    if (auto type = dyn_cast<VectorType>(value.getType()))
      return VectorType::get(type.getShape(), element);
    return element;
  }

  OpBuilder &b;
  Location loc;
  const BufferAccess &buffer;
  SmallVector<Value> clamped;  ///< subscripts, inside the buffer
  SmallVector<size_t> varying; ///< axes whose subscript is a vector
  Value uniform;               ///< the other axes' part of the offset
};
} // namespace

mlir::Type storageTypeOf(const BufferAccess &buffer) {
  MLIRContext *context = buffer.element.getContext();
  if (auto type = dyn_cast<IntegerType>(buffer.element))
    return IntegerType::get(context, type.getWidth());
  return buffer.element.isBF16() ? IntegerType::get(context, 16)
                                 : buffer.element;
}

mlir::Value emitBufferLoad(OpBuilder &b, Location loc,
                           const BufferAccess &buffer,
                           ArrayRef<mlir::Value> subscripts,
                           ArrayRef<int> steps, unsigned inBounds) {
  return LoadEmitter(b, loc, buffer).emit(subscripts, steps, inBounds);
}

mlir::Value emitBufferOffset(OpBuilder &b, Location loc,
                             const BufferAccess &buffer,
                             ArrayRef<mlir::Value> subscripts) {
  return LoadEmitter(b, loc, buffer).emitOffset(subscripts);
}

mlir::Value emitFromStorage(OpBuilder &b, Location loc,
                            const BufferAccess &buffer, mlir::Value raw) {
  return LoadEmitter(b, loc, buffer).convert(raw);
}

} // namespace attnjit
