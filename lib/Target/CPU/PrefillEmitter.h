//===- PrefillEmitter.h - Emission of one prefill kernel --------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The class that emits the prefill kernel: loops and blocks in Prefill.cpp,
// what happens in one tile in PrefillTile.cpp, how its scores become weights in
// PrefillWeights.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_CPU_PREFILLEMITTER_H
#define ATTNJIT_LIB_TARGET_CPU_PREFILLEMITTER_H

#include "Element.h"
#include "Ir.h"
#include "KernelInputs.h"
#include "attnjit/Target/CPU/Prefill.h"

#include <optional>
#include <vector>

namespace attnjit::cpu {

class PrefillEmitter {
public:
  PrefillEmitter(mlir::OpBuilder &builder, attn::ForwardOp forward,
                 const AttentionSpec &spec, const PrefillSchedule &schedule);

  /// Emits the kernel and its helpers at the builder's insertion point.
  void emit();

private:
  using Value = mlir::Value;

  /// Values of one work item.
  struct Item {
    Value b, h;              ///< local indices, i64
    Value q0;                ///< first query row
    Value strips;            ///< strips of this item
    Value lastRow;           ///< Sq - 1
    Value qOffset, kvOffset; ///< i32
    Value q, k, v, out;      ///< row 0 of this head
    Value mask;              ///< byte (0, 0) of this head's mask tensor
    Value head;              ///< b * Hq + h of the whole problem, i32
    Value isSecondPass;      ///< i1; where the kernel has two
    /// Knows b, h, kvh and what depends on them alone.
    std::optional<ModEmitter> mods;
  };

  /// Values of one block of keys.
  struct KeyBlock {
    Value first, count;
  };

  /// Addresses of one strip's state.
  struct StripState {
    Value first;           ///< its first query row
    Value isFirst, isLast; ///< among the strips of its item; i1
    Value queries, acc, reference, threshold, sum, positions;
  };

  /// What the bounds prove about a range of keys for one strip; i1.
  struct TileVerdict {
    Value empty, full;
  };

  /// What the mask stage found for one tile; i1.
  struct TileMask {
    Value any;    ///< some pair is kept
    Value masked; ///< some pair may not be: apply the mask bits
  };

  /// What the softmax of the rows of a lane has come to, the sink included.
  struct RowSums {
    Value none;      ///< i1: no key is kept
    Value m, l;      ///< reference and sum
    Value accFactor; ///< to bring acc to m: 1 without a sink
    Value lse;       ///< of every row
  };

  bool hasSoftmax() {
    return forward.getNormalize() == attn::Normalization::Softmax;
  }
  bool hasProb() { return !forward.getProb().empty(); }
  /// Whether a first pass over the keys finds m and l alone, since the prob mod
  /// needs final probabilities.
  bool hasTwoPasses() { return forward.getTwoPass(); }
  /// Whether scores are kept in units of log 2.
  bool usesLog2() { return hasSoftmax() && !hasScore(); }
  bool hasScore() { return !forward.getScore().empty(); }
  bool hasMask() {
    return !forward.getMask().empty() || forward.getMaskTensor();
  }

  // Prefill.cpp
  void emitItem(Value index, Value blocks);
  void emitPasses();
  void emitPack(Value strip);
  void emitKeyBlock(Value kv0);
  void widenRows(const TensorInput &tensor, Value base, int64_t offset,
                 int64_t size);
  void emitBlock(Value strip);
  void emitValues(const StripState &state, Value rows);
  void emitValueTile(const StripState &state, Value rows, Value d,
                     int64_t height);
  void emitFinish(Value strip);
  RowSums closeRows(Value strip, Value lane);
  void emitProbabilityFactor(Value strip, Value lane);
  void emitNormalizer(Value strip, Value lane);
  void copyRow(Value from, Value to);
  void fill(Value address, int64_t floats, float value);
  Value workspace(int64_t offset);
  Value stripPart(int64_t offset, Value strip, int64_t floats);

  // PrefillTile.cpp
  TileVerdict emitBounds(Value qFirst, Value qLast, Value kvFirst,
                         Value kvLast);
  Value lastRowOf(const StripState &state);
  Value emitTile(const StripState &state, Value kv, Value row, Value blockFull);
  TileMask decideTile(const StripState &state, Value kv, Value row,
                      Value blockFull);
  TileMask emitMaskBits(const StripState &state, Value kv, Value row);
  void gatherMaskTensor(const StripState &state, Value kv);
  std::vector<ModEmitter> columnEmitters(const StripState &state,
                                         mlir::Region &region);
  void bindKey(ModEmitter &emitter, Value kv);
  void prefetchRows(const StripState &state, Value kv);
  void emitScores(const StripState &state, Value kv, Value scores);
  void emitScoreMod(const StripState &state, Value kv, Value scores);
  void applyMaskBits(Value scores);
  void setValueRows(Value kv, Value row);
  Value keyRow(Value kv);
  Value valueRow(Value kv);

  // PrefillWeights.cpp
  void emitTileWeights(const StripState &state, Value kv, Value scores,
                       Value row);
  void whereWeighted(llvm::function_ref<void()> body);
  void emitSoftmax(const StripState &state, Value scores, Value row);
  void emitWeights(const StripState &state, Value scores);
  void emitProbabilities(const StripState &state, Value scores);
  void storeKeptBits(Value scores);
  void emitProbMod(const StripState &state, Value kv, Value weights);
  void emitDropout(const StripState &state, Value kv, Value weights);
  Value exponent(Value score, Value reference);
  mlir::LLVM::LLVMFuncOp emitRescale(llvm::StringRef name);

  Ir ir;
  attn::ForwardOp forward;
  PrefillSchedule s;
  Element element; ///< of q, k, v and out
  int64_t D, Dv;
  int64_t width; ///< Dv rounded up to whole vectors
  PrefillWorkspace w;
  KernelInputs in;
  Item item;
  KeyBlock block;
  mlir::LLVM::LLVMFuncOp pack, unpack, rescale;
};

} // namespace attnjit::cpu

#endif // ATTNJIT_LIB_TARGET_CPU_PREFILLEMITTER_H
