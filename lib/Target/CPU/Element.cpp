//===- Element.cpp - Elements of q, k, v and out --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// f16 through the conversions of F16C; bf16 through integers, since AVX2 has
// no instruction for it and LLVM would call a library function.
//
//===----------------------------------------------------------------------===//

#include "Element.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace attnjit::cpu {

Type Element::storage() const {
  return type.isBF16() ? IntegerType::get(type.getContext(), 16) : type;
}

/// `element` with the lanes of `like`.
static Type withLanes(Value like, Type element) {
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    return VectorType::get(vector.getShape(), element);
  return element;
}

static Value constantLike(Ir &ir, Value like, int64_t value) {
  TypedAttr scalar =
      ir.b.getIntegerAttr(getElementTypeOrSelf(like.getType()), value);
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    scalar = DenseElementsAttr::get(vector, scalar);
  return arith::ConstantOp::create(ir.b, ir.loc, scalar);
}

Value Element::widen(Ir &ir, Value raw) const {
  if (type.isF32())
    return raw;
  Type f32 = withLanes(raw, ir.f32());
  if (type.isF16())
    return arith::ExtFOp::create(ir.b, ir.loc, f32, raw);
  Value bits =
      arith::ExtUIOp::create(ir.b, ir.loc, withLanes(raw, ir.i32()), raw);
  bits = arith::ShLIOp::create(ir.b, ir.loc, bits, constantLike(ir, bits, 16));
  return arith::BitcastOp::create(ir.b, ir.loc, f32, bits);
}

Value Element::narrow(Ir &ir, Value value) const {
  if (type.isF32())
    return value;
  Type stored = withLanes(value, storage());
  if (type.isF16())
    return arith::TruncFOp::create(ir.b, ir.loc, stored, value);
  Value bits =
      arith::BitcastOp::create(ir.b, ir.loc, withLanes(value, ir.i32()), value);
  Value sixteen = constantLike(ir, bits, 16);
  // Half a step, a little less where the kept part is even: ties go to even.
  // A carry out of the mantissa rounds up the exponent, as it should.
  Value odd = ir.bitAnd(arith::ShRUIOp::create(ir.b, ir.loc, bits, sixteen),
                        constantLike(ir, bits, 1));
  Value rounded = ir.add(ir.add(bits, odd), constantLike(ir, bits, 0x7fff));
  // Adding to a NaN could carry it to infinity or zero.
  Value quiet = ir.bitOr(bits, constantLike(ir, bits, 0x400000));
  Value isNan = ir.fcmp(Ir::FPred::UNO, value, value);
  Value high = arith::ShRUIOp::create(
      ir.b, ir.loc, ir.select(isNan, quiet, rounded), sixteen);
  return arith::TruncIOp::create(ir.b, ir.loc, stored, high);
}

Value Element::load(Ir &ir, Value address) const {
  return widen(ir, ir.load(storage(), address));
}

Value Element::loadVec(Ir &ir, Value address) const {
  return widen(ir, ir.load(ir.vec(storage()), address));
}

void Element::copyPadded(Ir &ir, Value from, Value to, int64_t size,
                         int64_t padded) const {
  int64_t whole = size / ir.lanes * ir.lanes;
  auto copy = [&](Value d, int64_t vectors) {
    Value source = ir.at(from, storage(), d), target = ir.at(to, ir.f32(), d);
    for (int64_t i = 0; i < vectors * ir.lanes; i += ir.lanes)
      ir.store(loadVec(ir, ir.at(source, storage(), i)),
               ir.at(target, ir.f32(), i));
  };
  constexpr int64_t kUnroll = 8;
  int64_t unrolled = whole / (kUnroll * ir.lanes) * (kUnroll * ir.lanes);
  if (unrolled)
    ir.loop(unrolled, kUnroll * ir.lanes, [&](Value d) { copy(d, kUnroll); });
  if (unrolled != whole)
    copy(ir.cI64(unrolled), (whole - unrolled) / ir.lanes);
  if (whole != padded)
    ir.store(ir.splat(0.0f), ir.at(to, ir.f32(), whole));
  for (int64_t d = whole; d < size; ++d)
    ir.store(load(ir, ir.at(from, storage(), d)), ir.at(to, ir.f32(), d));
}

void Element::store(Ir &ir, Value value, Value address) const {
  ir.store(narrow(ir, value), address);
}

} // namespace attnjit::cpu
