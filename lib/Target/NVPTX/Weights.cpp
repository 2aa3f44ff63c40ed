//===- Weights.cpp - From scores to weights in a GPU kernel ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The online softmax (Milakov and Gimelshein 2018): m is the largest score so
// far, or a little less, -inf before the first one; weights are exp(s - m). A
// NaN score never becomes m, but makes l NaN; +inf does, and inf - inf makes l
// NaN.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"

#include "attnjit/Target/Common/Philox.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace attnjit::nvptx {

static constexpr float kLog2E = std::numbers::log2e_v<float>;

//===----------------------------------------------------------------------===//
// Mods
//===----------------------------------------------------------------------===//

void ForwardEmitter::scaleScores(Tiles &scores) {
  for (auto &tile : scores)
    for (Fragment &fragment : tile)
      for (Value &value : fragment)
        value = ir.fmul(value, scoreScale, Ir::FastMath::contract);
}

void ForwardEmitter::applyScoreMod(Tiles &scores, Value kv0) {
  Region &score = forward.getScore();
  forPairs(scores, kv0, &score, /*scores=*/nullptr,
           [&](Value value, const Pair &pair) {
             // Here and not before, so that a sum may contract with it.
             value = ir.fmul(value, scoreScale, Ir::FastMath::contract);
             ModEmitter mods = *pair.mods;
             mods.bind(score.getArgument(0), value);
             return mods.emit(score).front();
           });
}

/// -inf in place of scores of pairs that are not kept. Nothing where all are.
void ForwardEmitter::applyMask(Tiles &scores, const Step &step) {
  Region &mask = forward.getMask();
  Values before = flatten(scores);
  auto masked = [&] {
    Tiles inner = scores;
    forPairs(inner, step.kv0(ir), &mask, /*scores=*/nullptr,
             [&](Value value, const Pair &pair) {
               Value keep = ir.lessThan(pair.kvLocal, item.kvEnd);
               if (!mask.empty()) {
                 ModEmitter mods = *pair.mods;
                 keep = ir.bitAnd(keep, mods.emit(mask).front());
               }
               if (forward.getMaskTensor())
                 keep = ir.bitAnd(keep, loadMask(pair));
               return ir.select(keep, value, ir.cF32(-INFINITY));
             });
    return flatten(inner);
  };
  unflatten(scores, ir.ifElse(
                        TypeRange(ValueRange(before)), step.isFull(ir),
                        [&] { return before; }, masked));
}

/// The mask tensor's value for a pair, subscripts clamped to the tensor.
Value ForwardEmitter::loadMask(const Pair &pair) {
  RowPlace place = placeOf(pair.tile, pair.half);
  Value row = ir.wide(ir.min(place.q, ir.plus(Sq, -1)));
  Value key = ir.wide(ir.min(pair.kvLocal, ir.plus(item.kvEnd, -1)));
  Value offset =
      ir.add(ir.mul(row, in.mask.stride[2]), ir.mul(key, in.mask.stride[3]));
  offset = ir.add(offset, ir.mul(ir.wide(place.h), in.mask.stride[1]));
  return ir.isNonZero(
      ir.loadAligned(ir.b.getI8Type(), ir.offset(item.mask, offset), 1));
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// In units of log 2. Of q and k, `scoreScale` brings them there.
Value ForwardEmitter::scaleToLog2(Value score) {
  return ir.fmul(score, usesProducts() ? scoreScale : ir.cF32(kLog2E));
}

/// Whether m is so large that m times log2(e) would be rounded by more than
/// 2^-4, at worst by so much that the weight of m itself overflowed; or -inf.
Value ForwardEmitter::isFar(Value m) {
  constexpr float kFar = 0x1p20f;
  return ir.fcmp(Ir::FPred::OGT, ir.fabs(scaleToLog2(m)), ir.cF32(kFar));
}

/// What makes a score an exponent of 2: times log2(e), less the same of m; or
/// less 0, of m = -inf, so that a score of -inf has weight 0, and of another m
/// that is far, which `measureFromFar` has taken off before.
ForwardEmitter::Reference ForwardEmitter::toReference(Value m) {
  return {usesProducts() ? scoreScale : ir.cF32(kLog2E),
          ir.select(isFar(m), ir.cF32(0), ir.fneg(scaleToLog2(m)))};
}

/// exp(score - m), where `reference` was made of m by `toReference`.
Value ForwardEmitter::weight(Value score, const Reference &reference) {
  return ir.exp2Approx(ir.fma(score, reference.scale, reference.offset));
}

/// Takes m off the scores of rows where it is far. Warps without such a row
/// branch over that.
void ForwardEmitter::measureFromFar(const PerRow &m, Tiles &scores) {
  Value any = ir.cI1(false);
  for (const auto &pair : m)
    for (Value top : pair)
      any = ir.bitOr(any, isFar(top));
  auto measured = [&] {
    Tiles inner = scores;
    for (size_t tile = 0; tile < scores.size(); ++tile)
      for (int64_t half = 0; half < 2; ++half) {
        Value top = m[tile][half];
        Value none = ir.fcmp(Ir::FPred::OEQ, top, ir.cF32(-INFINITY));
        Value off = ir.select(isFar(top), top, ir.cF32(0));
        off = ir.select(none, ir.cF32(0), off);
        for (Fragment &fragment : inner[tile])
          for (int64_t x = 0; x < 2; ++x)
            fragment[2 * half + x] = ir.fsub(fragment[2 * half + x], off);
      }
    return flatten(inner);
  };
  Values before = flatten(scores);
  unflatten(scores, ir.ifElse(TypeRange(ValueRange(before)),
                              ir.isNonZero(ir.ballot(any)), measured,
                              [&] { return before; }));
}

/// The largest score of a row in this block, in all of its four lanes.
Value ForwardEmitter::rowMaximum(const std::vector<Fragment> &scores,
                                 int64_t half) {
  Value top;
  for (const Fragment &fragment : scores)
    for (int64_t x = 0; x < 2; ++x) {
      Value score = fragment[2 * half + x];
      top = top ? ir.maxNum(top, score) : score;
    }
  for (int32_t bits : {1, 2})
    top = ir.maxNum(top, ir.shuffleXor(top, bits));
  return top;
}

/// What l and acc are multiplied by where m rises.
Value ForwardEmitter::rescaleFactor(Value before, Value m) {
  Value factor = ir.exp2Approx(scaleToLog2(ir.fsub(before, m)));
  // Infinities that are the same, too; and where m stays, exactly 1.
  Value stays = ir.fcmp(Ir::FPred::OEQ, before, m);
  return ir.select(stays, ir.cF32(1), factor);
}

/// Raises m to the largest score so far, and brings l and acc up to date. As in
/// FlashAttention-4, only where scores exceed m by more than slack(), which
/// soon none does: the multiplications of acc were a seventh of all
/// instructions. Of f32, always: they are part of adding to acc.
void ForwardEmitter::raiseMaxima(Sums &sums, Tiles &scores) {
  PerRow m(scores.size());
  Value anyRises = ir.cI1(false);
  for (size_t tile = 0; tile < scores.size(); ++tile)
    for (int64_t half = 0; half < 2; ++half) {
      Value before = sums.m[tile][half];
      Value next = ir.maxNum(before, rowMaximum(scores[tile], half));
      if (!isF32()) {
        // NaN where both are the same infinity.
        Value rise = scaleToLog2(ir.fsub(next, before));
        Value rises = ir.fcmp(Ir::FPred::OGT, rise, ir.cF32(float(slack())));
        next = ir.select(rises, next, before);
        anyRises = ir.bitOr(anyRises, rises);
      }
      m[tile][half] = next;
    }
  auto rescaled = [&] {
    Sums after = sums;
    after.m = m;
    if (isF32())
      after.rescale.resize(scores.size());
    for (size_t tile = 0; tile < scores.size(); ++tile)
      for (int64_t half = 0; half < 2; ++half) {
        Value factor = rescaleFactor(sums.m[tile][half], m[tile][half]);
        after.l[tile][half] = ir.fmul(after.l[tile][half], factor);
        if (isF32())
          after.rescale[tile][half] = factor;
        if (isF32() || after.acc.empty())
          continue;
        for (Fragment &fragment : after.acc[tile])
          for (int64_t x = 0; x < 2; ++x)
            fragment[2 * half + x] = ir.fmul(fragment[2 * half + x], factor);
      }
    return after;
  };
  if (isF32()) {
    sums = rescaled();
  } else {
    Values before = flatten(sums);
    Values after = ir.ifElse(
        TypeRange(ValueRange(before)), ir.isNonZero(ir.ballot(anyRises)),
        [&] { return flatten(rescaled()); }, [&] { return before; });
    sums = unflatten(sums, after);
  }
  measureFromFar(sums.m, scores);
}

/// P = exp(S - m) in place, with m, l and acc brought up to date.
void ForwardEmitter::emitSoftmax(Sums &sums, Tiles &scores) {
  raiseMaxima(sums, scores);
  sumsBefore.assign(llvm::divideCeil(scores[0].size(), 2) + 1, {});
  for (size_t tile = 0; tile < scores.size(); ++tile)
    for (int64_t half = 0; half < 2; ++half) {
      Reference reference = toReference(sums.m[tile][half]);
      if (weightShift())
        reference.offset =
            ir.fadd(reference.offset, ir.cF32(float(weightShift())));
      Value sum;
      for (auto [block, fragment] : llvm::enumerate(scores[tile])) {
        if (block > 0 && block % 2 == 0)
          sumsBefore[block / 2].push_back(sum);
        for (int64_t x = 0; x < 2; ++x) {
          Value &p = fragment[2 * half + x];
          p = weight(p, reference);
          sum = sum ? ir.fadd(sum, p) : p;
        }
      }
      sumsBefore.back().push_back(sum);
      Value &l = sums.l[tile][half];
      l = ir.fadd(l, sum);
    }
}

/// P = exp(S - m) / l in place, m and l being those of all keys. Differences
/// come first, whatever m is: what references hold beside m would be 12 values
/// that the whole loop keeps, and spills.
void ForwardEmitter::emitProbabilities(const Sums &final, Tiles &scores) {
  for (size_t tile = 0; tile < scores.size(); ++tile)
    for (int64_t half = 0; half < 2; ++half) {
      Value m = final.m[tile][half], factor = final.factor[tile][half];
      // A score of -inf has weight 0 in a row that has no other, too.
      Value none = ir.fcmp(Ir::FPred::OEQ, m, ir.cF32(-INFINITY));
      Value top = ir.select(none, ir.cF32(0), m);
      for (Fragment &fragment : scores[tile])
        for (int64_t x = 0; x < 2; ++x) {
          Value &p = fragment[2 * half + x];
          p = ir.exp2Approx(scaleToLog2(ir.fsub(p, top)));
          p = ir.fmul(p, factor);
        }
    }
}

/// Without a softmax a score is its own weight; a pair whose score is -inf is
/// not kept.
void ForwardEmitter::dropExcluded(Tiles &scores) {
  for (auto &tile : scores)
    for (Fragment &fragment : tile)
      for (Value &value : fragment)
        value = ir.select(isExcluded(value), ir.cF32(0), value);
}

/// A NaN is kept.
Value ForwardEmitter::isExcluded(Value score) {
  return ir.fcmp(Ir::FPred::OEQ, score, ir.cF32(-INFINITY));
}

//===----------------------------------------------------------------------===//
// Prob mod and dropout
//===----------------------------------------------------------------------===//

/// The prob mod on weights; 0 where a pair is not kept, whose prob mod need
/// not be 0.
void ForwardEmitter::applyProbMod(Tiles &weights, const Tiles &scores,
                                  Value kv0) {
  Region &prob = forward.getProb();
  forPairs(weights, kv0, &prob, &scores, [&](Value value, const Pair &pair) {
    ModEmitter mods = *pair.mods;
    mods.bind(prob.getArgument(0), value);
    return ir.select(pair.isExcluded, ir.cF32(0), mods.emit(prob).front());
  });
}

/// 0 in place of the weights that dropout drops. The scale of the others joins
/// the factor of the row. One call of Philox decides about four keys at a
/// multiple of four; a lane's two keys are in one such group unless an odd
/// offset moves them into two.
void ForwardEmitter::applyDropout(Tiles &weights, Value kv0) {
  Value isOdd = ir.isNonZero(ir.bitAnd(item.kvOffset, ir.cI32(1)));
  Value anyDropped = ir.cmp(Ir::Pred::ne, in.dropout.threshold, ir.cI32(0));
  Value firstKey =
      ir.add(ir.add(kv0, ir.add(thread.key, thread.column)), item.kvOffset);
  for (size_t tile = 0; tile < weights.size(); ++tile)
    for (int64_t half = 0; half < 2; ++half) {
      RowPlace place = placeOf(tile, half);
      Value q = ir.add(place.q, item.qOffset);
      Value head = ir.add(ir.mul(ir.add(item.b, ir.trunc32(in.bOffset)),
                                 ir.trunc32(in.HqGlobal)),
                          ir.add(place.h, ir.trunc32(in.hOffset)));
      for (size_t block = 0; block < weights[tile].size(); ++block) {
        Value first = ir.plus(firstKey, 8 * block);
        Value &p0 = weights[tile][block][2 * half];
        Value &p1 = weights[tile][block][2 * half + 1];
        Values kept = ir.ifElse(
            TypeRange{ir.f32(), ir.f32()}, anyDropped,
            [&] {
              auto [word0, word1] = dropoutWords(first, q, head, isOdd);
              return Values{keepIf(word0, p0), keepIf(word1, p1)};
            },
            [&] { return Values{p0, p1}; });
        p0 = kept[0];
        p1 = kept[1];
      }
    }
}

Value ForwardEmitter::keepIf(Value word, Value weight) {
  Value keep = ir.cmp(Ir::Pred::uge, word, in.dropout.threshold);
  return ir.select(keep, weight, ir.cF32(0));
}

/// The words that decide about the keys `first` and `first + 1`.
std::pair<Value, Value> ForwardEmitter::dropoutWords(Value first, Value q,
                                                     Value head, Value isOdd) {
  auto quadOf = [&](Value key) -> Value {
    return arith::ShRSIOp::create(ir.b, ir.loc, key, ir.cI32(2));
  };
  auto pick = [&](const std::array<Value, 4> &words, Value key) {
    Value place = ir.bitAnd(key, ir.cI32(3));
    Value word = words[0];
    for (int32_t i = 1; i < 4; ++i)
      word = ir.select(ir.cmp(Ir::Pred::eq, place, ir.cI32(i)), words[i], word);
    return word;
  };
  Value second = ir.plus(first, 1);
  std::array<Value, 4> words =
      emitDropoutWords(ir, in.dropout, quadOf(first), q, head);
  Value other = ir.ifElse(
                      ir.i32(), isOdd,
                      [&] {
                        std::array<Value, 4> next = emitDropoutWords(
                            ir, in.dropout, quadOf(second), q, head);
                        return Values{pick(next, second)};
                      },
                      [&] { return Values{pick(words, second)}; })
                    .front();
  return {pick(words, first), other};
}

} // namespace attnjit::nvptx
