//===- Products.cpp - Matrix products of a GPU kernel ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// S = q k^T and acc += P v by mma.sync.m16n8k16. The lanes' addresses are
// computed once; all else are constants in the instructions.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace attnjit::nvptx {

/// Of acc and scores: beside so many there is room for weights, too. At D = 64,
/// which has 128, kernels were 5 % faster on an H200 with them, at D = 128,
/// which has 192, they spill. Between, by what ptxas says: none spills at D
/// = 96.
static constexpr int64_t kRoomyRegisters = 160;

ForwardEmitter::Fragment ForwardEmitter::zeros() {
  Value zero = ir.cF32(0);
  return {zero, zero, zero, zero};
}

/// Where this lane's row of q begins: the matrices of a 16 x 16 tile are rows
/// 0-7, rows 8-15, and these of the next eight columns.
Value ForwardEmitter::queryAddress() {
  Value row = ir.add(thread.warpRow, ir.modulo(thread.lane, 16));
  Value unit = ir.over(thread.lane, 16);
  return unitAddress(shared, s.rowsQ(), row, unit);
}

ForwardEmitter::Values ForwardEmitter::loadQuery(Value address, int64_t tile,
                                                 int64_t step) {
  return ir.loadMatrices(
      ir.offset(alongRow(address, s.rowsQ(), step * kStepBytes),
                tile * 16 * s.rowsQ().pitch),
      /*transposed=*/false);
}

/// For a negative scale where scores stay products: the largest of them must
/// be the largest score.
void ForwardEmitter::negateQueries() {
  const int64_t rowWords = s.D * s.elementBytes / 4;
  const int64_t words = s.blockRows() * rowWords;
  ir.waitCopies(0);
  ir.barrier();
  ir.loop32(llvm::divideCeil(words, s.threads()), [&](Value turn) {
    Value word = ir.add(thread.index, ir.times(turn, s.threads()));
    ir.ifThen(ir.lessThan(word, words), [&] {
      Value row = ir.over(word, rowWords), inRow = ir.modulo(word, rowWords);
      Value address = ir.offset(
          shared, ir.add(ir.times(row, s.rowsQ().pitch), ir.times(inRow, 4)));
      Value both = ir.loadAligned(ir.i32(), address, 4);
      const uint32_t signs = isF32() ? 0x80000000 : 0x80008000;
      ir.storeAligned(ir.bitXor(both, ir.cI32(int32_t(signs))), address, 4);
    });
  });
  ir.barrier();
}

void ForwardEmitter::loadQueries() {
  Value address = queryAddress();
  queryRegisters.assign(s.rowTiles, {});
  for (int64_t tile = 0; tile < s.rowTiles; ++tile)
    for (int64_t step = 0; step < s.D / 16; ++step)
      queryRegisters[tile].push_back(loadQuery(address, tile, step));
}

/// The products of this warp's queries and the block of keys at `base`.
ForwardEmitter::Tiles ForwardEmitter::emitScores(Value base) {
  Tiles scores(s.rowTiles, std::vector<Fragment>(s.warpKeys() / 8, zeros()));
  Value queries = queryRegisters.empty() ? queryAddress() : Value();
  // Matrices: keys 0-7 of d 0-7, of d 8-15, then keys 8-15.
  Value row = ir.add(thread.key, ir.modulo(thread.lane, 8));
  row = ir.add(row, ir.times(ir.over(thread.lane, 16), 8));
  Value unit = ir.modulo(ir.over(thread.lane, 8), 2);
  Value keys =
      unitAddress(ir.offset(base, s.keyOffset()), s.rowsK(), row, unit);
  for (int64_t step = 0; step < s.D / 16; ++step) {
    std::vector<Values> a;
    for (int64_t tile = 0; tile < s.rowTiles; ++tile)
      a.push_back(queries ? loadQuery(queries, tile, step)
                          : queryRegisters[tile][step]);
    for (int64_t pair = 0; pair < s.warpKeys() / 16; ++pair) {
      Values b = ir.loadMatrices(
          ir.offset(alongRow(keys, s.rowsK(), step * kStepBytes),
                    pair * 16 * s.rowsK().pitch),
          /*transposed=*/false);
      for (int64_t tile = 0; tile < s.rowTiles; ++tile)
        for (int64_t half = 0; half < 2; ++half)
          multiplyInto(scores[tile][2 * pair + half], element, a[tile],
                       ValueRange(b).slice(2 * half, 2));
    }
  }
  return scores;
}

void ForwardEmitter::multiplyInto(Fragment &sum, Type type, ValueRange a,
                                  ValueRange b) {
  Values product = ir.multiply(type, a, b, ValueRange(sum));
  std::copy(product.begin(), product.end(), sum.begin());
}

/// The weights of 16 keys, those of the first eight and of the others, as 16
/// columns of a: what this lane holds of scores is what it must hold of a.
ForwardEmitter::Values ForwardEmitter::packWeights(const Fragment &low,
                                                   const Fragment &high) {
  Values a;
  for (const Fragment *p : {&low, &high}) {
    a.push_back(ir.packPair(element, (*p)[0], (*p)[1]));
    a.push_back(ir.packPair(element, (*p)[2], (*p)[3]));
  }
  return a;
}

/// The weights of eight keys as the eight columns of a. Lane t of a row holds
/// the scores of keys 2t and 2t + 1 and must hold columns t and t + 4 of a: so
/// that is what the columns stand for, and rows of v must be in that order too.
ForwardEmitter::Values ForwardEmitter::tf32Weights(const Fragment &p) {
  Values a;
  for (int i : {0, 2, 1, 3})
    a.push_back(ir.roundTf32(p[i]));
  return a;
}

/// acc += P v, with P rounded to the type of v, or to tf32.
///
/// ptxas moves the sums of weights to the end of the loop, where they are asked
/// for, and keeps all weights for them, beside their rounded ones. So, where
/// registers are short, the loads of v ask for the sums of the keys before.
void ForwardEmitter::accumulate(Sums &sums, const Tiles &weights, Value base) {
  Value row = ir.add(thread.key, ir.modulo(thread.lane, 16));
  Value unit = ir.over(thread.lane, 16);
  Value values =
      unitAddress(ir.offset(base, s.valueOffset()), s.rowsV(), row, unit);
  const int64_t registers = s.rowTiles * (s.Dv + s.warpKeys()) / 2;
  for (int64_t keys = 0; keys < s.warpKeys() / 16; ++keys) {
    if (keys > 0 && !sumsBefore.empty() && registers > kRoomyRegisters)
      values = ir.offset(values, ir.zeroAfter(sumsBefore[keys]));
    // [tile]; of tf32, [tile][first eight keys, the others].
    std::vector<std::array<Values, 2>> a(s.rowTiles);
    for (int64_t tile = 0; tile < s.rowTiles; ++tile) {
      const Fragment &low = weights[tile][2 * keys],
                     &high = weights[tile][2 * keys + 1];
      if (usesTf32Weights())
        a[tile] = {tf32Weights(low), tf32Weights(high)};
      else
        a[tile][0] = packWeights(low, high);
    }
    for (int64_t pair = 0; pair < s.Dv / 16; ++pair) {
      // Matrices: keys 0-7 of d 0-7, keys 8-15, then these of d 8-15. This lane
      // gets of column l / 4 the keys 2 (l % 4) and the next.
      Values b = ir.loadMatrices(
          ir.offset(alongRow(values, s.rowsV(), pair * kStepBytes),
                    keys * 16 * s.rowsV().pitch),
          /*transposed=*/true);
      for (int64_t half = 0; half < 2; ++half) {
        ValueRange columns = ValueRange(b).slice(2 * half, 2);
        auto sum = [&](int64_t tile) -> Fragment & {
          return sums.acc[tile][2 * pair + half];
        };
        if (!usesTf32Weights()) {
          for (int64_t tile = 0; tile < s.rowTiles; ++tile)
            multiplyInto(sum(tile), element, a[tile][0], columns);
          continue;
        }
        for (int64_t part = 0; part < 2; ++part) {
          // Exact: f16 has fewer digits and less range.
          Values wide;
          for (int i : {0, 1})
            wide.push_back(
                ir.bitcast(ir.i32(), ir.widenHalf(columns[part], i)));
          for (int64_t tile = 0; tile < s.rowTiles; ++tile)
            multiplyInto(sum(tile), ir.f32(), a[tile][part], wide);
        }
      }
    }
  }
}

} // namespace attnjit::nvptx
