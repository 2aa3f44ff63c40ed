//===- PrefillWeights.cpp - From scores to weights in the prefill kernel --===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the rows of scores of a tile, -inf where a pair is not kept; leaves in
// their place the weights that the rows of v are multiplied by, and brings the
// strip's m and l up to date.
//
//===----------------------------------------------------------------------===//

#include "PrefillEmitter.h"

#include "attnjit/Target/Common/Philox.h"

#include <cmath>

using namespace mlir;

namespace attnjit::cpu {

//===----------------------------------------------------------------------===//
// The steps of a tile
//===----------------------------------------------------------------------===//

/// Emits `body` where weights are final and v is read: everywhere, or in the
/// second of two passes.
void PrefillEmitter::whereWeighted(function_ref<void()> body) {
  if (hasTwoPasses())
    ir.ifThen(item.isSecondPass, body);
  else
    body();
}

void PrefillEmitter::emitTileWeights(const StripState &state, Value kv,
                                     Value scores, Value row) {
  if (hasProb())
    storeKeptBits(scores);
  if (hasTwoPasses())
    ir.ifThen(ir.cmp(Ir::Pred::eq, item.isSecondPass, ir.cI1(false)),
              [&] { emitSoftmax(state, scores, row); });
  else if (hasSoftmax())
    emitSoftmax(state, scores, row);
  else
    emitWeights(state, scores);
  whereWeighted([&] {
    if (hasTwoPasses())
      emitProbabilities(state, scores);
    if (hasProb())
      emitProbMod(state, kv, scores);
    if (forward.getDropout())
      emitDropout(state, kv, scores);
  });
}

//===----------------------------------------------------------------------===//
// Online softmax
//===----------------------------------------------------------------------===//

/// P = exp(S - m) in place, l += P. All vectors are loaded again after the
/// rare branch: none may be live across its call, or register allocation
/// splits the accumulators of the loops around it.
void PrefillEmitter::emitSoftmax(const StripState &state, Value scores,
                                 Value row) {
  auto scoreAt = [&](int64_t r, int64_t c) {
    return ir.at(scores, ir.f32(), r * s.strip() + c * ir.lanes);
  };
  auto columnAt = [&](Value base, int64_t c) {
    return ir.at(base, ir.f32(), c * ir.lanes);
  };
  Value exceeds;
  for (int64_t c = 0; c < s.columns; ++c) {
    Value top = ir.loadVec(scoreAt(0, c));
    for (int64_t r = 1; r < s.rows; ++r)
      top = ir.fmax(ir.loadVec(scoreAt(r, c)), top);
    Value above =
        ir.fcmp(Ir::FPred::OGT, top, ir.loadVec(columnAt(state.threshold, c)));
    exceeds = c ? ir.bitOr(exceeds, above) : above;
  }
  ir.ifThen(ir.unlikely(ir.anyLane(exceeds)), [&] {
    LLVM::CallOp::create(ir.b, ir.loc, rescale,
                         ValueRange{state.reference, state.threshold, state.sum,
                                    state.acc, workspace(w.scores), row});
  });
  for (int64_t c = 0; c < s.columns; ++c) {
    Value m = ir.loadVec(columnAt(state.reference, c));
    Ir::Values p;
    for (int64_t r = 0; r < s.rows; ++r) {
      p.push_back(softmax.weight(ir, ir.loadVec(scoreAt(r, c)), m));
      ir.store(p.back(), scoreAt(r, c));
    }
    // The tile's sum first: l is rounded once a tile, not once a key.
    while (p.size() > 1) {
      for (size_t i = 0; i < p.size() / 2; ++i)
        p[i] = ir.fadd(p[2 * i], p[2 * i + 1]);
      p.resize(p.size() / 2);
    }
    Value l = columnAt(state.sum, c);
    ir.store(ir.fadd(ir.loadVec(l), p.front()), l);
  }
}

/// P = exp(S - m) / l in place, m and l being those of all keys.
void PrefillEmitter::emitProbabilities(const StripState &state, Value scores) {
  for (int64_t c = 0; c < s.columns; ++c) {
    Value m = ir.loadVec(ir.at(state.reference, ir.f32(), c * ir.lanes));
    Value factor = ir.loadVec(ir.at(state.sum, ir.f32(), c * ir.lanes));
    for (int64_t r = 0; r < s.rows; ++r) {
      Value address = ir.at(scores, ir.f32(), r * s.strip() + c * ir.lanes);
      Value p = softmax.weight(ir, ir.loadVec(address), m);
      ir.store(ir.fmul(p, factor), address);
    }
  }
}

/// Without a softmax a score is its own weight; a pair whose score is -inf is
/// not kept. l counts the keys of a row, so that a row without any is known.
void PrefillEmitter::emitWeights(const StripState &state, Value scores) {
  for (int64_t c = 0; c < s.columns; ++c) {
    Value count = ir.at(state.sum, ir.f32(), c * ir.lanes);
    Value l = ir.loadVec(count);
    for (int64_t r = 0; r < s.rows; ++r) {
      Value address = ir.at(scores, ir.f32(), r * s.strip() + c * ir.lanes);
      Value score = ir.loadVec(address);
      Value dropped = ir.fcmp(Ir::FPred::OEQ, score, ir.splat(-INFINITY));
      ir.store(ir.select(dropped, ir.splat(0.0f), score), address);
      l = ir.fadd(l, ir.select(dropped, ir.splat(0.0f), ir.splat(1.0f)));
    }
    ir.store(l, count);
  }
}

/// rescale(reference, threshold, sum, acc, scores, row): moves m to the
/// maximum of the tile at `row` where that is larger, and multiplies l, acc and
/// the block's probabilities before `row` by exp(m_old - m_new).
///
/// Before its first finite score a lane has m = 0, threshold -inf, l = 0 and
/// acc = 0, so masked scores (-inf) give p = 0 there as everywhere. NaN and
/// +inf need no care: a NaN score is not above the threshold and makes l NaN;
/// +inf becomes m, and inf - inf makes l NaN.
LLVM::LLVMFuncOp PrefillEmitter::emitRescale(StringRef name) {
  OpBuilder::InsertionGuard guard(ir.b);
  SmallVector<Type> inputs(5, ir.ptr());
  inputs.push_back(ir.i64());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(ir.b.getContext()), inputs);
  auto function = LLVM::LLVMFuncOp::create(ir.b, ir.loc, name, type,
                                           LLVM::Linkage::Internal);
  function.setNoInline(true);
  function.setPassthroughAttr(ir.b.getArrayAttr({ir.b.getStringAttr("cold")}));
  Block *entry = function.addEntryBlock(ir.b);
  ir.b.setInsertionPointToStart(entry);
  Value row = entry->getArgument(5);

  ir.loop(s.strip(), ir.lanes, [&](Value lane) {
    auto column = [&](int64_t argument) {
      return ir.at(entry->getArgument(argument), ir.f32(), lane);
    };
    Value reference = column(0), threshold = column(1), sum = column(2);
    Value acc = column(3), scores = column(4);
    auto rowAt = [&](Value base, Value index) {
      return ir.at(base, ir.f32(), ir.mul(index, s.strip()));
    };
    Value top = ir.loadVec(rowAt(scores, row));
    for (int64_t r = 1; r < s.rows; ++r)
      top = ir.fmax(ir.loadVec(rowAt(scores, ir.add(row, r))), top);

    Value infinity = ir.splat(-INFINITY);
    Value old = ir.loadVec(reference);
    Value fresh = ir.fcmp(Ir::FPred::OEQ, ir.loadVec(threshold), infinity);
    Value nothing = ir.fcmp(Ir::FPred::OEQ, top, infinity);
    Value first = ir.select(nothing, ir.splat(0.0f), top);
    Value next = ir.select(fresh, first, ir.fmax(top, old));
    Value factor =
        ir.select(fresh, ir.splat(1.0f), softmax.weight(ir, old, next));
    Value still = ir.bitAnd(fresh, nothing);
    ir.store(next, reference);
    ir.store(
        ir.select(still, infinity, ir.fadd(next, ir.splat(softmax.margin()))),
        threshold);
    ir.store(ir.fmul(ir.loadVec(sum), factor), sum);
    auto scaleRows = [&](Value base, Value count) {
      ir.loop(ir.cI64(0), count, 1, [&](Value i) {
        Value address = rowAt(base, i);
        ir.store(ir.fmul(ir.loadVec(address), factor), address);
      });
    };
    scaleRows(acc, ir.cI64(Dv));
    scaleRows(scores, row);
  });
  LLVM::ReturnOp::create(ir.b, ir.loc, ValueRange());
  return function;
}

//===----------------------------------------------------------------------===//
// Prob mod and dropout
//===----------------------------------------------------------------------===//

/// Leaves -1 in the bits of kept pairs: once a score has become a weight, 0 may
/// also be that of a kept pair, whose prob mod need not be 0.
void PrefillEmitter::storeKeptBits(Value scores) {
  Value bits = workspace(w.bits);
  for (int64_t i = 0; i < s.rows * s.columns; ++i) {
    // A NaN is kept.
    Value keep = ir.fcmp(Ir::FPred::UNE,
                         ir.loadVec(ir.at(scores, ir.f32(), i * ir.lanes)),
                         ir.splat(-INFINITY));
    ir.store(arith::ExtSIOp::create(ir.b, ir.loc, ir.vec(ir.i32()), keep),
             ir.at(bits, ir.i32(), i * ir.lanes));
  }
}

/// The prob mod on the tile's weights, in place; 0 where a pair is not kept.
void PrefillEmitter::emitProbMod(const StripState &state, Value kv,
                                 Value weights) {
  emitHook(state, kv, forward.getProb(), weights,
           [&](Value value, Value index) {
             Value keep =
                 loadLanes(ir.i1(), ir.at(workspace(w.bits), ir.i32(), index));
             return ir.select(keep, value, ir.splat(0.0f));
           });
}

/// 0 in place of the weights that dropout drops. The scale of the others joins
/// the factor of the row. One call of Philox decides about four keys at a
/// multiple of four; a tile that starts elsewhere, because of an offset, takes
/// two.
void PrefillEmitter::emitDropout(const StripState &state, Value kv,
                                 Value weights) {
  constexpr int64_t kWords = 4;
  Value first = ir.add(ir.trunc32(kv), item.kvOffset);
  Value skipped = ir.ext64(ir.bitAnd(first, ir.cI32(kWords - 1)));
  Value quad = arith::ShRSIOp::create(ir.b, ir.loc, first, ir.cI32(2));
  Value calls = ir.div(ir.add(skipped, s.rows + kWords - 1), ir.cI64(kWords));
  Value words = workspace(w.words);
  auto wordAt = [&](Value index) {
    return ir.at(words, ir.i32(), ir.mul(index, ir.lanes));
  };
  Value anyDropped = ir.cmp(Ir::Pred::ne, in.dropout.threshold, ir.cI32(0));
  ir.ifThen(anyDropped, [&] {
    Value threshold = ir.broadcast(in.dropout.threshold);
    ir.loop(s.strip(), ir.lanes, [&](Value lane) {
      Value q = ir.loadVecI32(ir.at(state.positions, ir.i32(), lane));
      ir.loop(ir.cI64(0), calls, 1, [&](Value call) {
        std::array<Value, kWords> drawn = emitDropoutWords(
            ir, in.dropout, ir.add(quad, ir.trunc32(call)), q, item.head);
        for (int64_t k = 0; k < kWords; ++k)
          ir.store(drawn[k], wordAt(ir.add(ir.mul(call, kWords), k)));
      });
      for (int64_t r = 0; r < s.rows; ++r) {
        Value keep =
            ir.cmp(Ir::Pred::uge, ir.loadVecI32(wordAt(ir.add(skipped, r))),
                   threshold);
        Value address = ir.at(weights, ir.f32(), ir.add(lane, r * s.strip()));
        ir.store(ir.select(keep, ir.loadVec(address), ir.splat(0.0f)), address);
      }
    });
  });
}

} // namespace attnjit::cpu
