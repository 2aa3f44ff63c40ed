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
#include "OnlineSoftmax.h"
#include "TileSearch.h"
#include "attnjit/Target/CPU/Prefill.h"
#include "attnjit/Target/Common/Ir.h"
#include "attnjit/Target/Common/KernelInputs.h"

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
    Value index;             ///< its number, i64
    Value b, h;              ///< local indices, i64
    Value q0;                ///< first query row
    Value strips;            ///< strips of this item
    Value lastRow;           ///< Sq - 1
    Value qOffset, kvOffset; ///< i32
    Value q, k, v, out;      ///< row 0 of this head
    BufferAccess mask;       ///< of this head, [Sq, Skv]
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
    Value index;           ///< in its item
    Value first;           ///< its first query row
    Value isFirst, isLast; ///< among the strips of its item; i1
    Value queries, acc, reference, threshold, sum, positions;
  };

  /// What the mask stage found for one tile; i1.
  struct TileMask {
    Value any;    ///< some pair is kept
    Value masked; ///< some pair may not be: apply the mask bits
  };

  /// A vector of a region that is computed once a strip: its value in the
  /// region, and where the workspace keeps it.
  struct StripValue {
    mlir::Region *region;
    Value result;
    int64_t offset; ///< [strips][strip]
  };

  /// A load of a region, or of the mask tensor, that is done once a tile.
  struct TileLoad {
    mlir::Region *region = nullptr; ///< null for the mask tensor
    Value result;                   ///< in the region
    BufferAccess buffer;
    unsigned keyAxis;
    Value keySubscript; ///< in the region; null for kv_local
    int64_t offsets;    ///< i64 [strips][strip]: where rows start
    int64_t elements;   ///< f32 or i32 [rows][strip]
  };

  /// A value of a hook that depends on the distance of key and query alone.
  struct DistanceValue {
    mlir::Region *region;
    Value result;
    int64_t offset; ///< [distancesOf(schedule)]
  };

  bool hasSoftmax() {
    return forward.getNormalize() == attn::Normalization::Softmax;
  }
  bool hasProb() { return !forward.getProb().empty(); }
  /// Whether a first pass over the keys finds m and l alone, since the prob mod
  /// needs final probabilities.
  bool hasTwoPasses() { return forward.getTwoPass(); }
  bool hasScore() { return !forward.getScore().empty(); }
  bool hasMask() {
    return !forward.getMask().empty() || forward.getMaskTensor();
  }

  // Prefill.cpp
  void emitEntry(const std::string &name);
  void emitForItems(llvm::StringRef name, llvm::function_ref<void()> open,
                    llvm::function_ref<void()> body);
  void clearZeroRow();
  void openItem(Value index, Value blocks);
  void emitItem();
  void emitPasses();
  void emitKeys(llvm::function_ref<void(Value kv0, Value full)> visit);
  BufferAccess headMask();
  void emitPack(Value strip);
  void emitKeyBlock(Value kv0, Value full);
  Value blockRow(const TensorInput &tensor, Value base, Value key);
  void widenKeys();
  void packValues();
  void emitBlock(Value strip, Value blockFull);
  void emitValues(const StripState &state, Value rows);
  void emitValueTile(const StripState &state, Value rows, Value d,
                     int64_t height);
  void emitFinish(Value strip);
  OnlineSoftmax::Row closeRows(Value strip, Value lane);
  void emitProbabilityFactor(Value strip, Value lane);
  void emitNormalizer(Value strip, Value lane);
  void copyRow(Value from, Value to);
  void fill(Value address, int64_t floats, float value);
  Value workspace(int64_t offset);
  Value stripPart(int64_t offset, Value strip, int64_t floats);

  // PrefillLoads.cpp
  /// Stores what tiles need of the queries from `lane` on, at `q`.
  void keepStripValues(Value strip, Value lane, Value q);
  void keepRows(TileLoad load, llvm::ArrayRef<Value> subscripts, Value strip,
                Value lane);
  Value rowOffsets(const TileLoad &load, Value strip);
  /// Does the tile loads of a region.
  void emitTileLoads(const StripState &state, Value kv, mlir::Region &region);
  void emitTileLoad(const StripState &state, const TileLoad &load, Value kv);
  void planDistances();
  /// Computes the hook's values of the tile's distances.
  void emitDistances(const StripState &state, Value kv, mlir::Region &hook);
  Value tileElements(const TileLoad &load, Value r, int64_t column);
  /// Knows a key and what depends on it, but not on queries.
  ModEmitter rowEmitter(mlir::Region &region, Value kv);
  /// Knows row `r` of a tile and a column of queries, and what was kept for
  /// them.
  ModEmitter columnEmitter(const ModEmitter &row, const StripState &state,
                           mlir::Region &region, Value r, int64_t column);
  void bindQueries(ModEmitter &mods, Value q);
  void bindKey(ModEmitter &mods, Value kv);
  void storeLanes(Value lanes, Value address);
  Value loadLanes(mlir::Type type, Value address);

  // PrefillTile.cpp
  TileVerdict emitBounds(Value qFirst, Value qLast, Value kvFirst,
                         Value kvLast);
  TileVerdict emitPartBounds(llvm::ArrayRef<TileCut> cuts, Value qFirst,
                             Value qLast, Value kvFirst, Value kvLast);
  TileVerdict emitStripBounds(Value first, Value kvFirst, Value kvLast);
  Value lastRowOf(const StripState &state);
  Value emitTile(const StripState &state, Value kv, Value row, Value blockFull);
  TileMask decideTile(const StripState &state, Value kv, Value row,
                      Value blockFull);
  TileMask emitMaskBits(const StripState &state, Value kv, Value row);
  void prefetchRows(const StripState &state, Value kv);
  void emitScores(const StripState &state, Value kv, Value scores);
  /// A hook's function of the tile's values, in place; `finish` has the last
  /// word on a vector of them, which lies at `index`.
  void emitHook(const StripState &state, Value kv, mlir::Region &hook,
                Value values,
                llvm::function_ref<Value(Value value, Value index)> finish);
  void applyMaskBits(Value scores);
  void setValueRows(Value kv, Value row);
  Value keyRow(Value kv);
  Value valueRow(Value key);
  Value chunkAt(Value d);

  // PrefillCost.cpp
  void emitCostFunction(llvm::StringRef name);

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
  mlir::LLVM::LLVMFuncOp emitRescale(llvm::StringRef name);

  Ir ir;
  attn::ForwardOp forward;
  PrefillSchedule s;
  Element element; ///< of q, k, v and out
  int64_t D, Dv;
  int64_t width; ///< Dv rounded up to whole vectors
  PrefillWorkspace w;
  OnlineSoftmax softmax;
  KernelInputs in;
  Item item;
  KeyBlock block;
  /// Of a block of keys for an item, and for one strip of it.
  std::vector<TileCut> itemCuts, stripCuts;
  std::vector<StripValue> stripValues;
  std::vector<DistanceValue> distanceValues;
  std::vector<TileLoad> tileLoads; ///< that of the mask tensor first
  mlir::LLVM::LLVMFuncOp pack, unpack, rescale;
};

} // namespace attnjit::cpu

#endif // ATTNJIT_LIB_TARGET_CPU_PREFILLEMITTER_H
