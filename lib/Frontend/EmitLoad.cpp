//===- EmitLoad.cpp - Loads of captured buffers ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Subscripts are clamped in i32, on all lanes at once; offsets are 64-bit.
// Lanes are loaded one by one: the gather instructions of 1- and 2-byte
// elements would read past the end of a buffer.
//
//===----------------------------------------------------------------------===//

#include "EmitLoad.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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

  Value emit(ArrayRef<Value> subscripts) {
    SmallVector<Value> clamped;
    int64_t lanes = 0;
    for (auto [axis, subscript] : llvm::enumerate(subscripts)) {
      clamped.push_back(clamp(subscript, buffer.last[axis]));
      if (auto type = dyn_cast<VectorType>(subscript.getType()))
        lanes = type.getNumElements();
    }
    // Axes with one subscript for all lanes share their part of the offset.
    Value uniform = i64(0);
    for (auto [axis, subscript] : llvm::enumerate(clamped))
      if (!isa<VectorType>(subscript.getType()))
        uniform = addOffset(uniform, subscript, axis);
    if (!lanes)
      return convert(loadElement(uniform));

    Value result;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value offset = uniform;
      for (auto [axis, subscript] : llvm::enumerate(clamped))
        if (isa<VectorType>(subscript.getType()))
          offset = addOffset(
              offset, vector::ExtractOp::create(b, loc, subscript, lane), axis);
      Value element = loadElement(offset);
      if (!result)
        result = arith::ConstantOp::create(
            b, loc, b.getZeroAttr(VectorType::get(lanes, element.getType())));
      result = vector::InsertOp::create(b, loc, element, result, lane);
    }
    return convert(result);
  }

private:
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
    Value wide = arith::ExtSIOp::create(b, loc, b.getI64Type(), subscript);
    Value scaled = arith::MulIOp::create(b, loc, wide, buffer.stride[axis]);
    return arith::AddIOp::create(b, loc, offset, scaled);
  }

  /// The type that memory holds: integers without signedness.
  Type storageType() {
    if (auto type = dyn_cast<IntegerType>(buffer.element))
      return b.getIntegerType(type.getWidth());
    return buffer.element.isBF16() ? b.getIntegerType(16) : buffer.element;
  }

  Value loadElement(Value offset) {
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    Type type = storageType();
    Value address =
        LLVM::GEPOp::create(b, loc, pointer, type, buffer.base, offset);
    return LLVM::LoadOp::create(b, loc, type, address,
                                type.getIntOrFloatBitWidth() / 8);
  }

  Type withLanes(Value value, Type element) {
    if (auto type = dyn_cast<VectorType>(value.getType()))
      return VectorType::get(type.getShape(), element);
    return element;
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

  OpBuilder &b;
  Location loc;
  const BufferAccess &buffer;
};
} // namespace

mlir::Value emitBufferLoad(OpBuilder &b, Location loc,
                           const BufferAccess &buffer,
                           ArrayRef<mlir::Value> subscripts) {
  return LoadEmitter(b, loc, buffer).emit(subscripts);
}

} // namespace attnjit
