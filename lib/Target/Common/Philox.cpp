//===- Philox.cpp - Random words of dropout as code -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The products of a round are 32 x 32 -> 64 bits: on x86-64-v3 two vpmuludq and
// a vpmulld for eight lanes. Ten rounds with one vector in the counter are some
// 180 instructions, six a weight.
//
// Test: test/differential/DropoutTest.cpp compares every weight with what the
// Reference's words say.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Target/Common/Philox.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace attnjit::codegen {

/// A constant of `like`'s type.
static Value constantLike(Ir &ir, Value like, uint32_t value) {
  IntegerAttr scalar = ir.b.getI32IntegerAttr(static_cast<int32_t>(value));
  if (auto type = dyn_cast<VectorType>(like.getType()))
    return arith::ConstantOp::create(ir.b, ir.loc,
                                     DenseElementsAttr::get(type, scalar));
  return arith::ConstantOp::create(ir.b, ir.loc, scalar);
}

/// x ^ y, a scalar standing for every lane of a vector.
static Value bitXor(Ir &ir, Value x, Value y) {
  auto xType = dyn_cast<VectorType>(x.getType());
  auto yType = dyn_cast<VectorType>(y.getType());
  if (xType && !yType)
    y = vector::BroadcastOp::create(ir.b, ir.loc, xType, y);
  if (yType && !xType)
    x = vector::BroadcastOp::create(ir.b, ir.loc, yType, x);
  return arith::XOrIOp::create(ir.b, ir.loc, x, y);
}

std::array<Value, 4> emitPhilox(Ir &ir, std::array<Value, 4> counter,
                                std::array<Value, 2> key) {
  constexpr int kRounds = 10;
  constexpr uint32_t kMultiplier[] = {0xD2511F53, 0xCD9E8D57};
  // The golden ratio and sqrt(3) - 1.
  constexpr uint32_t kWeyl[] = {0x9E3779B9, 0xBB67AE85};
  auto product = [&](Value word, uint32_t multiplier) {
    return arith::MulUIExtendedOp::create(ir.b, ir.loc, word,
                                          constantLike(ir, word, multiplier));
  };
  for (int round = 0; round < kRounds; ++round) {
    auto first = product(counter[0], kMultiplier[0]);
    auto second = product(counter[2], kMultiplier[1]);
    // Scalars first: their part needs no vector.
    counter = {bitXor(ir, second.getHigh(), bitXor(ir, counter[1], key[0])),
               second.getLow(),
               bitXor(ir, first.getHigh(), bitXor(ir, counter[3], key[1])),
               first.getLow()};
    for (int k = 0; k < 2; ++k)
      key[k] = ir.add(key[k], constantLike(ir, key[k], kWeyl[k]));
  }
  return counter;
}

std::array<Value, 4> emitDropoutWords(Ir &ir, const DropoutInput &dropout,
                                      Value quad, Value q, Value head) {
  return emitPhilox(ir, {quad, q, head, dropout.counter}, dropout.key);
}

} // namespace attnjit::codegen
