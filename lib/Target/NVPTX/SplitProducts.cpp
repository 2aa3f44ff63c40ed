//===- SplitProducts.cpp - Products of f32 matrices in a GPU kernel -------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// S = q k^T and acc += P v of f32, by mma.sync.m16n8k8 of tf32. A number x is
// big + small, both of tf32, and
//
//   x y = big big + (big small + small big) + small small,
//
// of which the last is dropped: at most 2^-22 |x y| (docs/numerics.md).
//
// The sums of small products are apart. They stay exact longer, and are worth
// nothing where an operand is infinite or NaN: its small part is NaN, or a
// small part of 0 meets it. Then the sum of big products is right alone.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

#include <cmath>

using namespace mlir;

namespace attnjit::nvptx {

/// Of f32, or of f32 in i32 registers. The small part has twelve digits, of
/// which the product takes eleven.
ForwardEmitter::Split ForwardEmitter::split(ValueRange numbers) {
  Split parts;
  for (Value x : numbers) {
    Value number = ir.bitcast(ir.f32(), x);
    Value big = ir.roundTf32(number);
    Value rest = ir.fsub(number, ir.bitcast(ir.f32(), big));
    parts.big.push_back(big);
    parts.small.push_back(ir.bitcast(ir.i32(), rest));
  }
  return parts;
}

ForwardEmitter::SplitSum ForwardEmitter::noSplitSum() {
  return {zeros(), zeros()};
}

/// `step`: which eight columns of b, where it has several.
void ForwardEmitter::multiplySplit(SplitSum &sum, const Split &a,
                                   const Split &b, int64_t step) {
  ValueRange bigB = ValueRange(b.big).slice(2 * step, 2);
  ValueRange smallB = ValueRange(b.small).slice(2 * step, 2);
  multiplyInto(sum.small, ir.f32(), a.small, bigB);
  multiplyInto(sum.small, ir.f32(), a.big, smallB);
  multiplyInto(sum.big, ir.f32(), a.big, bigB);
}

Value ForwardEmitter::join(const SplitSum &sum, size_t i) {
  Value isFinite =
      ir.fcmp(Ir::FPred::OLT, ir.fabs(sum.small[i]), ir.cF32(INFINITY));
  return ir.fadd(sum.big[i], ir.select(isFinite, sum.small[i], ir.cF32(0)));
}

/// The products of this warp's queries and the block of keys at `base`.
ForwardEmitter::Tiles ForwardEmitter::emitSplitScores(Value base) {
  Value queries = queryAddress();
  // Matrices of 8 x 4 numbers: eight keys, of d 0-3, 4-7, 8-11, 12-15.
  Value row = ir.add(thread.key, ir.modulo(thread.lane, 8));
  Value unit = ir.over(thread.lane, 8);
  Value keys =
      unitAddress(ir.offset(base, s.keyOffset()), s.rowsK(), row, unit);
  const int64_t blocks = s.warpKeys() / 8;
  std::vector<std::vector<SplitSum>> sums(
      s.rowTiles, std::vector<SplitSum>(blocks, noSplitSum()));
  for (int64_t steps = 0; steps < s.D / 8; steps += 2) {
    std::vector<std::array<Split, 2>> a(s.rowTiles);
    for (int64_t tile = 0; tile < s.rowTiles; ++tile)
      for (int64_t step = 0; step < 2; ++step)
        a[tile][step] = split(loadQuery(queries, tile, steps + step));
    for (int64_t block = 0; block < blocks; ++block) {
      Split b = split(ir.loadMatrices(
          ir.offset(alongRow(keys, s.rowsK(), steps * kStepBytes),
                    block * 8 * s.rowsK().pitch),
          /*transposed=*/false));
      for (int64_t step = 0; step < 2; ++step)
        for (int64_t tile = 0; tile < s.rowTiles; ++tile)
          multiplySplit(sums[tile][block], a[tile][step], b, step);
    }
  }
  Tiles scores(s.rowTiles, std::vector<Fragment>(blocks));
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (int64_t block = 0; block < blocks; ++block)
      for (size_t i = 0; i < 4; ++i)
        scores[tile][block][i] = join(sums[tile][block], i);
  return scores;
}

/// acc = acc * rescale + P v. The products of one block of keys have a sum of
/// their own: matrix units may cut off digits where they add, always towards 0,
/// which over all keys would be more than roundings are.
///
/// Lane t of a row holds the weights of keys 2t and 2t + 1, and must hold
/// columns t and t + 4 of a: so that is what the columns stand for. Those
/// of keys 2t and columns l / 4 lie in 32 different banks.
void ForwardEmitter::accumulateSplit(Sums &sums, const Tiles &weights,
                                     Value base) {
  Value row = ir.add(thread.key, thread.column);
  Value column = ir.over(thread.lane, 4);
  // Of keys 2t and 2t + 1.
  std::array<Value, 2> values;
  for (int64_t x = 0; x < 2; ++x)
    values[x] =
        ir.offset(unitAddress(ir.offset(base, s.valueOffset()), s.rowsV(),
                              ir.plus(row, x), ir.over(column, 4)),
                  ir.times(ir.modulo(column, 4), 4));
  // As in `accumulate`.
  if (!sumsBefore.empty()) {
    Value zero = ir.zeroAfter(sumsBefore.back());
    for (Value &address : values)
      address = ir.offset(address, zero);
  }
  const int64_t blocks = s.warpKeys() / 8;
  std::vector<std::vector<Split>> a(s.rowTiles);
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (const Fragment &p : weights[tile])
      a[tile].push_back(split({p[0], p[2], p[1], p[3]}));
  for (int64_t columns = 0; columns < s.Dv / 8; ++columns) {
    std::vector<SplitSum> parts(s.rowTiles, noSplitSum());
    for (int64_t block = 0; block < blocks; ++block) {
      Values v;
      for (int64_t x = 0; x < 2; ++x)
        v.push_back(ir.loadAligned(
            ir.f32(),
            ir.offset(alongRow(values[x], s.rowsV(), 32 * columns),
                      8 * block * s.rowsV().pitch),
            4));
      Split b = split(v);
      for (int64_t tile = 0; tile < s.rowTiles; ++tile)
        multiplySplit(parts[tile], a[tile][block], b, /*step=*/0);
    }
    for (int64_t tile = 0; tile < s.rowTiles; ++tile)
      for (size_t i = 0; i < 4; ++i) {
        Value &acc = sums.acc[tile][columns][i];
        Value part = join(parts[tile], i);
        acc = sums.rescale.empty()
                  ? ir.fadd(acc, part)
                  : ir.fma(acc, sums.rescale[tile][i / 2], part);
      }
  }
}

} // namespace attnjit::nvptx
