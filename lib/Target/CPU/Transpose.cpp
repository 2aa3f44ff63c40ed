//===- Transpose.cpp - Rows into lanes and back ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The 8 x 8 transposition is spelled as the three rounds of shuffles that AVX
// has instructions for (unpack, shuffle, permute2f128). A vector.transpose of
// 8x8 becomes 64-element shuffles instead, which double instruction selection.
//
//===----------------------------------------------------------------------===//

#include "Transpose.h"

using namespace mlir;

namespace attnjit::cpu {

using Rows = std::array<Value, 8>;

// Lanes of two vectors of 8, as unpack and shuffle take them.
static constexpr int64_t kLow[] = {0, 8, 1, 9, 4, 12, 5, 13};
static constexpr int64_t kHigh[] = {2, 10, 3, 11, 6, 14, 7, 15};
static constexpr int64_t kEven[] = {0, 1, 8, 9, 4, 5, 12, 13};
static constexpr int64_t kOdd[] = {2, 3, 10, 11, 6, 7, 14, 15};

static Value shuffle(Ir &ir, Value x, Value y, ArrayRef<int64_t> mask) {
  return vector::ShuffleOp::create(ir.b, ir.loc, x, y, mask);
}

static Rows transpose8(Ir &ir, const Rows &r) {
  auto shuffle = [&](Value x, Value y, ArrayRef<int64_t> mask) {
    return cpu::shuffle(ir, x, y, mask);
  };
  static constexpr int64_t kLeft[] = {0, 1, 2, 3, 8, 9, 10, 11};
  static constexpr int64_t kRight[] = {4, 5, 6, 7, 12, 13, 14, 15};
  Rows t, u, v;
  for (int i = 0; i < 8; i += 2) {
    t[i] = shuffle(r[i], r[i + 1], kLow);
    t[i + 1] = shuffle(r[i], r[i + 1], kHigh);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 2; ++j) {
      u[i + 2 * j] = shuffle(t[i + j], t[i + 2 + j], kEven);
      u[i + 2 * j + 1] = shuffle(t[i + j], t[i + 2 + j], kOdd);
    }
  for (int i = 0; i < 4; ++i) {
    v[i] = shuffle(u[i], u[i + 4], kLeft);
    v[i + 4] = shuffle(u[i], u[i + 4], kRight);
  }
  return v;
}

Ir::Values transposeHalves(Ir &ir, ArrayRef<Value> rows) {
  assert(rows.size() == 8 && "one row a lane");
  // Rows i and i + 4 side by side: unpack and shuffle work within halves.
  static constexpr int64_t kJoin[] = {0, 1, 2, 3, 4, 5, 6, 7};
  std::array<Value, 4> joined;
  for (int i = 0; i < 4; ++i)
    joined[i] = shuffle(ir, rows[i], rows[i + 4], kJoin);
  Value low0 = shuffle(ir, joined[0], joined[1], kLow);
  Value high0 = shuffle(ir, joined[0], joined[1], kHigh);
  Value low1 = shuffle(ir, joined[2], joined[3], kLow);
  Value high1 = shuffle(ir, joined[2], joined[3], kHigh);
  return {shuffle(ir, low0, low1, kEven), shuffle(ir, low0, low1, kOdd),
          shuffle(ir, high0, high1, kEven), shuffle(ir, high0, high1, kOdd)};
}

/// A private function that is not inlined, with an entry block.
static LLVM::LLVMFuncOp startHelper(Ir &ir, StringRef name,
                                    ArrayRef<Type> inputs) {
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(ir.b.getContext()), inputs);
  auto function = LLVM::LLVMFuncOp::create(ir.b, ir.loc, name, type,
                                           LLVM::Linkage::Internal);
  function.setNoInline(true);
  ir.b.setInsertionPointToStart(function.addEntryBlock(ir.b));
  return function;
}

LLVM::LLVMFuncOp emitPackRows(Ir &ir, StringRef name, Element element,
                              int64_t D, int64_t strip) {
  OpBuilder::InsertionGuard guard(ir.b);
  auto function = startHelper(
      ir, name, {ir.ptr(), ir.i64(), ir.i64(), ir.i64(), ir.ptr(), ir.f32()});
  Value source = function.getArgument(0), stride = function.getArgument(1);
  Value first = function.getArgument(2), last = function.getArgument(3);
  Value destination = function.getArgument(4), scale = function.getArgument(5);
  Rows rows;
  for (int64_t j = 0; j < ir.lanes; ++j)
    rows[j] = ir.at(source, element.storage(),
                    ir.mul(ir.min(ir.add(first, j), last), stride));

  int64_t whole = D / ir.lanes * ir.lanes;
  Value scales = ir.broadcast(scale);
  if (whole)
    ir.loop(whole, ir.lanes, [&](Value d) {
      Rows block;
      for (int64_t j = 0; j < ir.lanes; ++j)
        block[j] = ir.fmul(
            element.loadVec(ir, ir.at(rows[j], element.storage(), d)), scales);
      block = transpose8(ir, block);
      Value to = ir.at(destination, ir.f32(), ir.mul(d, strip));
      for (int64_t j = 0; j < ir.lanes; ++j)
        ir.store(block[j], ir.at(to, ir.f32(), j * strip));
    });
  if (whole != D)
    ir.loop(ir.cI64(whole), ir.cI64(D), 1, [&](Value d) {
      Value to = ir.at(destination, ir.f32(), ir.mul(d, strip));
      for (int64_t j = 0; j < ir.lanes; ++j) {
        Value x = element.load(ir, ir.at(rows[j], element.storage(), d));
        ir.store(ir.fmul(x, scale), ir.at(to, ir.f32(), j));
      }
    });
  LLVM::ReturnOp::create(ir.b, ir.loc, ValueRange());
  return function;
}

LLVM::LLVMFuncOp emitUnpackRows(Ir &ir, StringRef name, int64_t width,
                                int64_t strip) {
  OpBuilder::InsertionGuard guard(ir.b);
  auto function = startHelper(ir, name, {ir.ptr(), ir.ptr(), ir.ptr()});
  Value source = function.getArgument(0);
  Value factors = ir.loadVec(function.getArgument(1));
  Value destination = function.getArgument(2);
  // A factor of 0 marks a row that keeps no key: 0, even where a v that other
  // rows keep has made its accumulators NaN.
  Value none = ir.fcmp(Ir::FPred::OEQ, factors, ir.splat(0.0f));
  ir.loop(width, ir.lanes, [&](Value d) {
    Value from = ir.at(source, ir.f32(), ir.mul(d, strip));
    Rows block;
    for (int64_t j = 0; j < ir.lanes; ++j)
      block[j] = ir.select(
          none, ir.splat(0.0f),
          ir.fmul(ir.loadVec(ir.at(from, ir.f32(), j * strip)), factors));
    block = transpose8(ir, block);
    Value to = ir.at(destination, ir.f32(), d);
    for (int64_t j = 0; j < ir.lanes; ++j)
      ir.store(block[j], ir.at(to, ir.f32(), j * width));
  });
  LLVM::ReturnOp::create(ir.b, ir.loc, ValueRange());
  return function;
}

} // namespace attnjit::cpu
