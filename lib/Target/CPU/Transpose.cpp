//===- Transpose.cpp - Rows into lanes and back ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A transposition is spelled as the rounds of shuffles that processors have
// instructions for: unpack and shuffle within 128 bits, then whole 128-bit
// parts of two vectors (vperm2f128, vshuff32x4). A vector.transpose of 8 x 8
// becomes 64-element shuffles instead, which double instruction selection.
//
//===----------------------------------------------------------------------===//

#include "Transpose.h"

using namespace mlir;

namespace attnjit::cpu {

/// Lanes that instructions for shuffles move within.
static constexpr int64_t kPart = 4;

/// The lanes of two vectors that a shuffle takes which does the same in each
/// 128 bits: `first` of the one, alternating with `second` of the other where
/// `pairs` is false, side by side where it is true.
static Value shuffleParts(Ir &ir, Value x, Value y, std::array<int64_t, 2> from,
                          bool pairs) {
  SmallVector<int64_t> lanes;
  for (int64_t part = 0; part < ir.lanes; part += kPart) {
    int64_t a = part + from[0], b = part + from[1], other = ir.lanes;
    if (pairs)
      lanes.append({a, b, other + a, other + b});
    else
      lanes.append({a, other + a, b, other + b});
  }
  return ir.shuffle(x, y, lanes);
}

/// Transposes 4 x 4 elements in each 128 bits of four vectors.
static std::array<Value, kPart> transposeParts(Ir &ir, ArrayRef<Value> r) {
  auto unpack = [&](int64_t i, std::array<int64_t, 2> from) {
    return shuffleParts(ir, r[i], r[i + 1], from, /*pairs=*/false);
  };
  auto join = [&](Value x, Value y, std::array<int64_t, 2> from) {
    return shuffleParts(ir, x, y, from, /*pairs=*/true);
  };
  Value low0 = unpack(0, {0, 1}), high0 = unpack(0, {2, 3});
  Value low2 = unpack(2, {0, 1}), high2 = unpack(2, {2, 3});
  return {join(low0, low2, {0, 1}), join(low0, low2, {2, 3}),
          join(high0, high2, {0, 1}), join(high0, high2, {2, 3})};
}

/// Half of the 128-bit parts of x, then half of those of y: from part `first`
/// on, every `step`th.
static Value takeParts(Ir &ir, Value x, Value y, int64_t first, int64_t step) {
  int64_t parts = ir.lanes / kPart;
  SmallVector<int64_t> lanes;
  for (int64_t vector : {0, 1})
    for (int64_t i = 0; i < parts / 2; ++i)
      for (int64_t lane = 0; lane < kPart; ++lane)
        lanes.push_back(vector * ir.lanes + (first + i * step) * kPart + lane);
  return ir.shuffle(x, y, lanes);
}

/// Transposes a square of 2 x 2 or 4 x 4 parts, one vector a row.
static void transposeSquare(Ir &ir, MutableArrayRef<Value> m) {
  if (m.size() == 2) {
    Value x = m[0], y = m[1];
    m[0] = takeParts(ir, x, y, 0, 1);
    m[1] = takeParts(ir, x, y, 1, 1);
    return;
  }
  assert(m.size() == 4 && "vectors of 8 or 16 lanes");
  // Quarters of the square first, then the parts within them.
  Value quarter[2][2];
  for (int64_t i : {0, 1})
    for (int64_t j : {0, 1})
      quarter[i][j] = takeParts(ir, m[2 * i], m[2 * i + 1], 2 * j, 1);
  for (int64_t j : {0, 1})
    for (int64_t k : {0, 1})
      m[2 * j + k] = takeParts(ir, quarter[0][j], quarter[1][j], k, 2);
}

/// As many rows as lanes.
static Ir::Values transpose(Ir &ir, ArrayRef<Value> rows) {
  int64_t groups = ir.lanes / kPart;
  Ir::Values columns(ir.lanes);
  std::array<Ir::Values, kPart> squares;
  for (int64_t g = 0; g < groups; ++g)
    for (auto [square, part] :
         llvm::zip(squares, transposeParts(ir, rows.slice(g * kPart, kPart))))
      square.push_back(part);
  for (auto [j, square] : llvm::enumerate(squares)) {
    transposeSquare(ir, square);
    for (auto [g, column] : llvm::enumerate(square))
      columns[g * kPart + j] = column;
  }
  return columns;
}

Ir::Values transposeFours(Ir &ir, ArrayRef<Value> rows) {
  assert(std::ssize(rows) == ir.lanes && "one row a lane");
  // Rows i, i + 4, ... side by side in the parts of a vector.
  auto joined = [&](int64_t i) {
    Ir::Values parts;
    for (; i < ir.lanes; i += kPart)
      parts.push_back(rows[i]);
    while (parts.size() > 1) {
      Ir::Values wider;
      for (size_t p = 0; p < parts.size(); p += 2) {
        int64_t lanes = 2 * cast<VectorType>(parts[p].getType()).getDimSize(0);
        wider.push_back(
            ir.shuffle(parts[p], parts[p + 1],
                       llvm::to_vector(llvm::seq<int64_t>(0, lanes))));
      }
      parts = std::move(wider);
    }
    return parts.front();
  };
  Value fours[] = {joined(0), joined(1), joined(2), joined(3)};
  std::array<Value, kPart> columns = transposeParts(ir, fours);
  return Ir::Values(columns.begin(), columns.end());
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
  Ir::Values rows(ir.lanes);
  for (int64_t j = 0; j < ir.lanes; ++j)
    rows[j] = ir.at(source, element.storage(),
                    ir.mul(ir.min(ir.add(first, j), last), stride));

  int64_t whole = D / ir.lanes * ir.lanes;
  Value scales = ir.broadcast(scale);
  if (whole)
    ir.loop(whole, ir.lanes, [&](Value d) {
      Ir::Values block(ir.lanes);
      for (int64_t j = 0; j < ir.lanes; ++j)
        block[j] = ir.fmul(
            element.loadVec(ir, ir.at(rows[j], element.storage(), d)), scales);
      block = transpose(ir, block);
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
    Ir::Values block(ir.lanes);
    for (int64_t j = 0; j < ir.lanes; ++j)
      block[j] = ir.select(
          none, ir.splat(0.0f),
          ir.fmul(ir.loadVec(ir.at(from, ir.f32(), j * strip)), factors));
    block = transpose(ir, block);
    Value to = ir.at(destination, ir.f32(), d);
    for (int64_t j = 0; j < ir.lanes; ++j)
      ir.store(block[j], ir.at(to, ir.f32(), j * width));
  });
  LLVM::ReturnOp::create(ir.b, ir.loc, ValueRange());
  return function;
}

} // namespace attnjit::cpu
