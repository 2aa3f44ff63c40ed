//===- DecodeBlock.cpp - One block of keys of the decode kernel -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scores and weights lie in memory as [row][key]. The two products hold tiles
// of accumulators with head elements in lanes; what a mod computes, and the
// softmax, have consecutive keys of one row in lanes.
//
//===----------------------------------------------------------------------===//

#include "DecodeEmitter.h"

#include "attnjit/Target/Common/Philox.h"

#include "attnjit/Frontend/EmitLoad.h"

#include <cmath>

using namespace mlir;

namespace attnjit::cpu {

//===----------------------------------------------------------------------===//
// Which pairs of the block are kept
//===----------------------------------------------------------------------===//

Value DecodeEmitter::keyRow(Value key) {
  if (copiesKeys())
    return rowPart(w.keys, ir.sub(key, block.first), width);
  return ir.at(item.k, ir.f32(), ir.mul(key, in.k.stride[2]));
}

Value DecodeEmitter::valueRow(Value key) {
  if (copiesValues())
    return rowPart(w.values, ir.sub(key, block.first), widthV);
  return ir.at(item.v, ir.f32(), ir.mul(key, in.v.stride[2]));
}

void DecodeEmitter::setValueRows() {
  ir.loop(ir.cI64(0), block.count, 1, [&](Value key) {
    ir.store(valueRow(ir.add(block.first, key)),
             ir.at(workspace(w.vRows), ir.i64(), key));
  });
}

/// Zeros for the keys whose word of `bits` is 0; gives whether any is not.
Value DecodeEmitter::setKeptValueRows(Value bits) {
  Value zeros = workspace(w.zeros);
  return ir
      .loop(ir.cI64(0), block.padded, 1, {ir.cI1(false)},
            [&](Value k, ValueRange carried) {
              Value word = ir.load(ir.i32(), ir.at(bits, ir.i32(), k));
              Value isKept = ir.cmp(Ir::Pred::ne, word, ir.cI32(0));
              Value row = valueRow(ir.min(ir.add(block.first, k), block.last));
              ir.store(ir.select(isKept, row, zeros),
                       ir.at(workspace(w.vRows), ir.i64(), k));
              return Ir::Values{ir.bitOr(carried.front(), isKept)};
            })
      .front();
}

/// Keys key, key + 1, ... in lanes.
void DecodeEmitter::bindKeys(ModEmitter &emitter, Value key) {
  Value local = ir.add(ir.broadcast(ir.trunc32(key)), ir.iota());
  emitter.bindConsecutive(attn::Position::KvLocal, local);
  emitter.bindConsecutive(attn::Position::Kv,
                          ir.add(local, ir.broadcast(item.kvOffset)));
}

/// Evaluates the mask of every row; gives whether any pair is kept. A key that
/// no row keeps gets zeros for its v, so that what its memory holds never
/// reaches the output.
Value DecodeEmitter::emitMaskBits() {
  Value anyBits = workspace(w.anyBits);
  ir.loop(ir.cI64(0), block.padded, ir.lanes,
          [&](Value k) { ir.store(ir.splat(0), ir.at(anyBits, ir.i32(), k)); });
  Region &mask = forward.getMask();
  Value end = ir.broadcast(ir.trunc32(item.kvEnd));
  ir.loop(ir.cI64(0), item.rows, 1, [&](Value row) {
    ModEmitter rowMods = rowEmitter(row);
    rowMods.emitReady(mask);
    Value bits = rowPart(w.bits, row, s.blockKv);
    ir.loop(ir.cI64(0), block.padded, ir.lanes, [&](Value k) {
      Value key = ir.add(block.first, k);
      Value keys = ir.add(ir.broadcast(ir.trunc32(key)), ir.iota());
      Value keep = ir.cmp(Ir::Pred::slt, keys, end);
      if (!mask.empty()) {
        ModEmitter emitter = rowMods;
        bindKeys(emitter, key);
        Value value = emitter.emit(mask).front();
        if (!isa<VectorType>(value.getType()))
          value = ir.broadcast(value);
        keep = ir.bitAnd(keep, value);
      }
      if (forward.getMaskTensor())
        keep = ir.bitAnd(keep, emitMaskTensor(row, key));
      Value word = arith::ExtSIOp::create(ir.b, ir.loc, ir.vec(ir.i32()), keep);
      ir.store(word, ir.at(bits, ir.i32(), k));
      Value any = ir.at(anyBits, ir.i32(), k);
      ir.store(ir.bitOr(ir.loadVecI32(any), word), any);
    });
  });
  return setKeptValueRows(anyBits);
}

/// The mask tensor at keys key, key + 1, ... of a row.
Value DecodeEmitter::emitMaskTensor(Value row, Value key) {
  BufferAccess access;
  access.base = in.mask.data;
  access.element = ir.b.getI8Type();
  Value sizes[] = {in.B, in.Hq, in.Sq, in.Skv};
  for (auto [size, stride] : llvm::zip(sizes, in.mask.stride)) {
    access.last.push_back(ir.trunc32(ir.sub(size, ir.cI64(1))));
    access.stride.push_back(stride);
  }
  auto load = [&](int64_t offset) {
    return ir.trunc32(
        ir.load(ir.i64(), ir.at(workspace(offset), ir.i64(), row)));
  };
  Value keys = ir.add(ir.broadcast(ir.trunc32(key)), ir.iota());
  return emitBufferLoad(
      ir.b, ir.loc, access,
      {ir.trunc32(item.b), load(w.heads), load(w.positions), keys},
      /*steps=*/{0, 0, 0, 1});
}

//===----------------------------------------------------------------------===//
// S = Q K
//===----------------------------------------------------------------------===//

/// Calls `tile` for all rows, the schedule's number at a time, then for what
/// is left.
void DecodeEmitter::emitRowTiles(
    Value rows, llvm::function_ref<void(Value row, int64_t height)> tile) {
  Value left = ir.rem(rows, ir.cI64(s.rows));
  Value whole = ir.sub(rows, left);
  ir.loop(ir.cI64(0), whole, s.rows, [&](Value row) { tile(row, s.rows); });
  for (int64_t height = 1; height < s.rows; ++height)
    ir.ifThen(ir.cmp(Ir::Pred::eq, left, ir.cI64(height)),
              [&] { tile(whole, height); });
}

void DecodeEmitter::emitScores() {
  ir.loop(ir.cI64(0), block.padded, s.keys, [&](Value k) {
    emitRowTiles(item.rows, [&](Value row, int64_t height) {
      emitScoreTile(k, row, height);
    });
  });
}

/// Asks for the elements [d, d + elements) of the row that is needed when the
/// next block is where this one is at key k + r; r of `keys`. The tiles of rows
/// share the keys out among them, so that requests come evenly: the hardware
/// prefetchers do not reach across a block's work, and many at once stall.
void DecodeEmitter::prefetch(const TensorInput &tensor, Value base, Value k,
                             int64_t r, Value row, Value d, int64_t elements) {
  Value tiles = ir.divUp(item.rows, ir.cI64(s.rows));
  Value whose = ir.div(ir.mul(tiles, r), ir.cI64(s.keys));
  Value isMine = ir.cmp(Ir::Pred::eq, row, ir.mul(whose, ir.cI64(s.rows)));
  ir.ifThen(isMine, [&] {
    constexpr int64_t kLineBytes = 64;
    Value key = ir.add(block.first, ir.add(k, r + s.blockKv));
    Value address = ir.at(base, element.storage(),
                          ir.mul(ir.min(key, block.last), tensor.stride[2]));
    address = ir.at(address, element.storage(), d);
    int64_t bytes = elements * (element.isWide() ? 4 : 2);
    for (int64_t at = 0; at < bytes; at += kLineBytes)
      ir.prefetch(ir.byteAt(address, at));
  });
}

/// The sum of each of four vectors, as four lanes in their order.
Value DecodeEmitter::sumOfFour(ArrayRef<Value> vectors) {
  int64_t lanes = ir.lanes;
  // Within each 128 bits: x0 y0 x1 y1 and x2 y2 x3 y3.
  auto pairs = [&](Value x, Value y) {
    SmallVector<int64_t> low, high;
    for (int64_t part = 0; part < lanes; part += 4)
      for (int64_t i : {0, 1}) {
        low.append({part + i, lanes + part + i});
        high.append({part + 2 + i, lanes + part + 2 + i});
      }
    return ir.fadd(ir.shuffle(x, y, low), ir.shuffle(x, y, high));
  };
  Value x = pairs(vectors[0], vectors[1]), y = pairs(vectors[2], vectors[3]);
  SmallVector<int64_t> low, high;
  for (int64_t part = 0; part < lanes; part += 4) {
    low.append({part, part + 1, lanes + part, lanes + part + 1});
    high.append({part + 2, part + 3, lanes + part + 2, lanes + part + 3});
  }
  Value sums = ir.fadd(ir.shuffle(x, y, low), ir.shuffle(x, y, high));
  for (; lanes > 4; lanes /= 2) {
    SmallVector<int64_t> lower, upper;
    for (int64_t i = 0; i < lanes / 2; ++i) {
      lower.push_back(i);
      upper.push_back(lanes / 2 + i);
    }
    sums =
        ir.fadd(ir.shuffle(sums, sums, lower), ir.shuffle(sums, sums, upper));
  }
  return sums;
}

/// S[row + i][k + r] = sum_d Q[row + i][d] * K[k + r][d], in as many partial
/// sums as there are lanes.
void DecodeEmitter::emitScoreTile(Value k, Value row, int64_t height) {
  Ir::Values keys, sums;
  Value lastOfBlock = ir.add(block.first, ir.sub(block.count, ir.cI64(1)));
  for (int64_t r = 0; r < s.keys; ++r)
    keys.push_back(
        keyRow(ir.min(ir.add(ir.add(block.first, k), r), lastOfBlock)));
  Value queries = rowPart(w.queries, row, width);
  for (int64_t i = 0; i < height * s.keys; ++i)
    sums.push_back(ir.splat(0.0f));

  auto step = [&](Ir::Values &acc, Value d, int64_t u) {
    auto at = [&](Value base, int64_t offset = 0) {
      return ir.at(ir.at(base, ir.f32(), d), ir.f32(), offset + u * ir.lanes);
    };
    Ir::Values q;
    for (int64_t i = 0; i < height; ++i)
      q.push_back(ir.loadVec(at(queries, i * width)));
    for (int64_t r = 0; r < s.keys; ++r) {
      Value key = ir.loadVec(at(keys[r]));
      for (int64_t i = 0; i < height; ++i) {
        Value &sum = acc[i * s.keys + r];
        sum = ir.fma(key, q[i], sum);
      }
    }
  };
  constexpr int64_t kUnroll = 4;
  int64_t whole = width / (kUnroll * ir.lanes) * (kUnroll * ir.lanes);
  if (whole)
    sums = ir.loop(ir.cI64(0), ir.cI64(whole), kUnroll * ir.lanes, sums,
                   [&](Value d, ValueRange carried) {
                     Ir::Values next(carried);
                     for (int64_t r = 0; r < s.keys; ++r)
                       prefetch(in.k, item.k, k, r, row, d, kUnroll * ir.lanes);
                     for (int64_t u = 0; u < kUnroll; ++u)
                       step(next, d, u);
                     return next;
                   });
  for (int64_t d = whole; d < width; d += ir.lanes)
    step(sums, ir.cI64(d), 0);
  for (int64_t i = 0; i < height; ++i) {
    Value four = sumOfFour(ArrayRef(sums).slice(i * s.keys, s.keys));
    Value to = rowPart(w.scores, ir.add(row, i), s.blockKv);
    ir.store(four, ir.at(to, ir.f32(), k));
  }
}

//===----------------------------------------------------------------------===//
// Weights of one row
//===----------------------------------------------------------------------===//

void DecodeEmitter::emitWeights(Value row, Value masked) {
  Value top = emitScoreMods(row, masked);
  if (hasSoftmax())
    emitSoftmax(row, top);
  else
    emitPlainWeights(row);
  if (hasProb() || forward.getDropout())
    emitFinalWeights(row);
}

/// P = exp(S - m) in place, l += P. The block's sum first: l is rounded once a
/// block, not once a key.
void DecodeEmitter::emitSoftmax(Value row, Value top) {
  Value threshold = ir.load(ir.f32(), rowPart(w.threshold, row, 1));
  Value exceeds =
      ir.anyLane(ir.fcmp(Ir::FPred::OGT, top, ir.broadcast(threshold)));
  ir.ifThen(ir.unlikely(exceeds), [&] { emitRescale(row, top); });
  Value scores = rowPart(w.scores, row, s.blockKv);
  Value m =
      ir.broadcast(ir.load(ir.f32(), ir.at(item.reference, ir.f32(), row)));
  Value blockSum = ir.loop(ir.cI64(0), block.padded, ir.lanes, {ir.splat(0.0f)},
                           [&](Value k, ValueRange carried) {
                             Value address = ir.at(scores, ir.f32(), k);
                             Value p =
                                 softmax.weight(ir, ir.loadVec(address), m);
                             ir.store(p, address);
                             return Ir::Values{ir.fadd(carried.front(), p)};
                           })
                       .front();
  Value sum = ir.at(item.sum, ir.f32(), row);
  ir.store(ir.fadd(ir.load(ir.f32(), sum), ir.sumLanes(blockSum)), sum);
}

/// Scores after the score mod, -inf where a pair is not kept; gives the
/// largest of each lane, NaN aside.
Value DecodeEmitter::emitScoreMods(Value row, Value masked) {
  Region &score = forward.getScore();
  std::optional<ModEmitter> rowMods;
  if (hasScore()) {
    rowMods.emplace(rowEmitter(row));
    rowMods->emitReady(score);
  }
  Value scores = rowPart(w.scores, row, s.blockKv);
  Value bits = rowPart(w.bits, row, s.blockKv);
  return ir
      .loop(
          ir.cI64(0), block.padded, ir.lanes, {ir.splat(-INFINITY)},
          [&](Value k, ValueRange carried) {
            Value address = ir.at(scores, ir.f32(), k);
            Value value = ir.loadVec(address);
            if (hasScore()) {
              ModEmitter emitter = *rowMods;
              bindKeys(emitter, ir.add(block.first, k));
              emitter.bind(score.getArgument(0), value);
              value = emitter.emit(score).front();
              if (!isa<VectorType>(value.getType()))
                value = ir.broadcast(value);
            }
            value = ir.ifElse(
                          value.getType(), masked,
                          [&] {
                            Value keep =
                                ir.cmp(Ir::Pred::ne,
                                       ir.loadVecI32(ir.at(bits, ir.i32(), k)),
                                       ir.splat(0));
                            return Ir::Values{
                                ir.select(keep, value, ir.splat(-INFINITY))};
                          },
                          [&] { return Ir::Values{value}; })
                        .front();
            ir.store(value, address);
            if (hasProb()) {
              // Once a score has become a weight, 0 may also be that of a
              // kept pair, whose prob mod need not be 0. A NaN is kept.
              Value keep = ir.fcmp(Ir::FPred::UNE, value, ir.splat(-INFINITY));
              ir.store(
                  arith::ExtSIOp::create(ir.b, ir.loc, ir.vec(ir.i32()), keep),
                  ir.at(bits, ir.i32(), k));
            }
            return Ir::Values{ir.fmax(value, carried.front())};
          })
      .front();
}

/// Moves m of the row to the largest of `top`, which exceeds the threshold,
/// and multiplies l and acc by exp(m_old - m_new). Before its first finite
/// score a row has m = 0, threshold -inf, l = 0 and acc = 0. NaN and +inf need
/// no care: a NaN score is not above the threshold and makes l NaN; +inf
/// becomes m, and inf - inf makes l NaN.
void DecodeEmitter::emitRescale(Value row, Value top) {
  Value reference = ir.at(item.reference, ir.f32(), row);
  Value threshold = rowPart(w.threshold, row, 1);
  Value sum = ir.at(item.sum, ir.f32(), row);
  Value largest = ir.maxLane(top);
  Value old = ir.load(ir.f32(), reference);
  Value fresh =
      ir.fcmp(Ir::FPred::OEQ, ir.load(ir.f32(), threshold), ir.cF32(-INFINITY));
  Value next = ir.select(fresh, largest, ir.fmax(largest, old));
  Value factor = ir.select(fresh, ir.cF32(1), softmax.weight(ir, old, next));
  ir.store(next, reference);
  ir.store(ir.fadd(next, ir.cF32(softmax.margin())), threshold);
  ir.store(ir.fmul(ir.load(ir.f32(), sum), factor), sum);
  Value acc = ir.at(item.acc, ir.f32(), ir.mul(row, widthV));
  ir.loop(widthV, ir.lanes, [&](Value d) {
    Value address = ir.at(acc, ir.f32(), d);
    ir.store(ir.fmul(ir.loadVec(address), ir.broadcast(factor)), address);
  });
}

/// Without a softmax a score is its own weight; a pair whose score is -inf is
/// not kept. l counts the keys of a row, so that a split without any is known.
void DecodeEmitter::emitPlainWeights(Value row) {
  Value scores = rowPart(w.scores, row, s.blockKv);
  Value kept =
      ir.loop(ir.cI64(0), block.padded, ir.lanes, {ir.splat(0.0f)},
              [&](Value k, ValueRange carried) {
                Value address = ir.at(scores, ir.f32(), k);
                Value score = ir.loadVec(address);
                Value dropped =
                    ir.fcmp(Ir::FPred::OEQ, score, ir.splat(-INFINITY));
                Value zero = ir.splat(0.0f);
                ir.store(ir.select(dropped, zero, score), address);
                return Ir::Values{ir.fadd(
                    carried.front(), ir.select(dropped, zero, ir.splat(1.0f)))};
              })
          .front();
  Value sum = ir.at(item.sum, ir.f32(), row);
  ir.store(ir.fadd(ir.load(ir.f32(), sum), ir.sumLanes(kept)), sum);
}

/// The prob mod and dropout on the weights of a row, in place. The scale of
/// what dropout keeps joins the factor of the row.
void DecodeEmitter::emitFinalWeights(Value row) {
  Region &prob = forward.getProb();
  ModEmitter rowMods = rowEmitter(row);
  rowMods.emitReady(prob);
  Value head;
  if (forward.getDropout()) {
    Value b = ir.add(item.b, in.bOffset);
    Value h = ir.load(ir.i64(), ir.at(workspace(w.heads), ir.i64(), row));
    head = ir.trunc32(ir.add(ir.mul(b, in.HqGlobal), ir.add(h, in.hOffset)));
  }
  Value weights = rowPart(w.scores, row, s.blockKv);
  Value bits = rowPart(w.bits, row, s.blockKv);
  ir.loop(ir.cI64(0), block.padded, ir.lanes, [&](Value k) {
    Value address = ir.at(weights, ir.f32(), k);
    Value key = ir.add(block.first, k);
    Value value = ir.loadVec(address);
    if (hasProb()) {
      ModEmitter emitter = rowMods;
      bindKeys(emitter, key);
      emitter.bind(prob.getArgument(0), value);
      value = emitter.emit(prob).front();
      if (!isa<VectorType>(value.getType()))
        value = ir.broadcast(value);
      Value keep = ir.cmp(Ir::Pred::ne, ir.loadVecI32(ir.at(bits, ir.i32(), k)),
                          ir.splat(0));
      value = ir.select(keep, value, ir.splat(0.0f));
    }
    if (forward.getDropout())
      value = dropOut(value, key, row, head);
    ir.store(value, address);
  });
}

/// 0 in place of the weights that dropout drops. Four consecutive keys share a
/// call of Philox; with keys in lanes, each lane makes it for itself.
Value DecodeEmitter::dropOut(Value weights, Value key, Value row, Value head) {
  Value first = ir.add(ir.trunc32(key), item.kvOffset);
  Value keys = ir.add(ir.broadcast(first), ir.iota());
  Value quads = arith::ShRSIOp::create(ir.b, ir.loc, keys, ir.splat(2));
  Value index = ir.bitAnd(keys, ir.splat(3));
  Value q = ir.load(ir.i64(), ir.at(workspace(w.positions), ir.i64(), row));
  std::array<Value, 4> words = emitDropoutWords(
      ir, in.dropout, quads, ir.add(ir.trunc32(q), item.qOffset), head);
  Value word = words[0];
  for (int32_t i = 1; i < 4; ++i)
    word = ir.select(ir.cmp(Ir::Pred::eq, index, ir.splat(i)), words[i], word);
  Value kept = ir.cmp(Ir::Pred::uge, word, ir.broadcast(in.dropout.threshold));
  return ir.select(kept, weights, ir.splat(0.0f));
}

//===----------------------------------------------------------------------===//
// acc += P V
//===----------------------------------------------------------------------===//

void DecodeEmitter::emitValues(Value masked) {
  auto together = [&] {
    emitColumns([&](Value d, int64_t vectors) {
      emitRowTiles(item.rows, [&](Value row, int64_t height) {
        emitValueTile(row, height, d, vectors);
      });
    });
    return Ir::Values();
  };
  if (!masksHeads()) {
    together();
    return;
  }
  // A weight of 0 does not hide what v holds, and a key that one head excludes
  // for every query may be another's: each row has its own zeros.
  auto apart = [&] {
    ir.loop(ir.cI64(0), item.rows, 1, [&](Value row) {
      setKeptValueRows(rowPart(w.bits, row, s.blockKv));
      emitColumns([&](Value d, int64_t vectors) {
        emitValueTile(row, /*height=*/1, d, vectors);
      });
    });
    return Ir::Values();
  };
  ir.ifElse({}, ir.bitAnd(masked, item.headsDiffer), apart, together);
}

/// Calls `columns` for all of Dv: some vectors at a time, which stay in L1 for
/// all rows.
void DecodeEmitter::emitColumns(
    function_ref<void(Value d, int64_t vectors)> columns) {
  int64_t chunk = s.vectors * ir.lanes;
  int64_t whole = widthV / chunk * chunk;
  if (whole)
    ir.loop(whole, chunk, [&](Value d) { columns(d, s.vectors); });
  if (whole != widthV)
    columns(ir.cI64(whole), (widthV - whole) / ir.lanes);
}

void DecodeEmitter::emitValueTile(Value row, int64_t height, Value d,
                                  int64_t vectors) {
  Value acc =
      ir.at(ir.at(item.acc, ir.f32(), ir.mul(row, widthV)), ir.f32(), d);
  auto accAt = [&](int64_t i, int64_t c) {
    return ir.at(acc, ir.f32(), i * widthV + c * ir.lanes);
  };
  Ir::Values sums;
  for (int64_t i = 0; i < height; ++i)
    for (int64_t c = 0; c < vectors; ++c)
      sums.push_back(ir.loadVec(accAt(i, c)));
  Value weights = rowPart(w.scores, row, s.blockKv);
  constexpr int64_t kUnroll = 4;
  Value vRows = workspace(w.vRows);
  // Keys come in whole vectors, so a multiple of four at a time.
  sums =
      ir.loop(ir.cI64(0), block.padded, kUnroll, sums,
              [&](Value k, ValueRange carried) {
                Ir::Values next(carried);
                for (int64_t u = 0; u < kUnroll; ++u) {
                  Value v = ir.load(
                      ir.ptr(), ir.at(ir.at(vRows, ir.i64(), k), ir.i64(), u));
                  v = ir.at(v, ir.f32(), d);
                  prefetch(in.v, item.v, k, u, row, d, vectors * ir.lanes);
                  Ir::Values p;
                  for (int64_t i = 0; i < height; ++i)
                    p.push_back(ir.broadcast(
                        ir.load(ir.f32(), ir.at(ir.at(weights, ir.f32(), k),
                                                ir.f32(), i * s.blockKv + u))));
                  for (int64_t c = 0; c < vectors; ++c) {
                    Value column = ir.loadVec(ir.at(v, ir.f32(), c * ir.lanes));
                    for (int64_t i = 0; i < height; ++i) {
                      Value &sum = next[i * vectors + c];
                      sum = ir.fma(column, p[i], sum);
                    }
                  }
                }
                return next;
              });
  for (int64_t i = 0; i < height; ++i)
    for (int64_t c = 0; c < vectors; ++c)
      ir.store(sums[i * vectors + c], accAt(i, c));
}

} // namespace attnjit::cpu
