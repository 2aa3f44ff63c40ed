//===- DecodeEmitter.h - State of one decode kernel's emission --*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The class that emits the decode kernel: work items and blocks of keys in
// Decode.cpp, what happens in a block in DecodeBlock.cpp, the end of a row in
// DecodeMerge.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_CPU_DECODEEMITTER_H
#define ATTNJIT_LIB_TARGET_CPU_DECODEEMITTER_H

#include "Element.h"
#include "OnlineSoftmax.h"
#include "TileSearch.h"
#include "attnjit/Target/CPU/Decode.h"
#include "attnjit/Target/Common/Ir.h"
#include "attnjit/Target/Common/KernelInputs.h"

#include <optional>

namespace attnjit::cpu {

class DecodeEmitter {
public:
  DecodeEmitter(mlir::OpBuilder &builder, attn::ForwardOp forward,
                const AttentionSpec &spec, const DecodeSchedule &schedule);

  /// Emits the kernel at the builder's insertion point.
  void emit();

private:
  using Value = mlir::Value;

  /// What all work items share.
  struct Grid {
    Value group;     ///< query heads of one key head
    Value rows;      ///< group * Sq
    Value rowBlocks; ///< of one key head
    Value splits;    ///< of the keys
  };

  /// Values of one work item.
  struct Item {
    Value index;             ///< its number
    Value b, kvh;            ///< local indices, i64
    Value cell;              ///< number of its (b, kvh, row block)
    Value firstRow, rows;    ///< of the group
    Value kvBegin, kvEnd;    ///< its keys
    Value qFirst, qLast;     ///< least and largest query index of its rows
    Value qOffset, kvOffset; ///< i32
    Value k, v;              ///< row 0 of this key head
    Value mask;              ///< byte (0, 0) of this batch entry's mask tensor
    Value headsDiffer;       ///< i1: its heads may keep different keys
    Value acc, reference, sum; ///< its rows' state
    /// Knows b, kvh and what depends on them alone.
    std::optional<ModEmitter> mods;
  };

  /// One block of keys.
  struct KeyBlock {
    Value first, count;
    Value padded; ///< count, rounded up to whole vectors
    Value last;   ///< largest key of the tensor
  };

  bool hasSoftmax() {
    return forward.getNormalize() == attn::Normalization::Softmax;
  }
  bool hasScore() { return !forward.getScore().empty(); }
  bool hasProb() { return !forward.getProb().empty(); }
  bool hasMask() {
    return !forward.getMask().empty() || forward.getMaskTensor();
  }
  /// Whether a mask can tell one head from another.
  bool masksHeads() {
    return readsHead(forward.getMask()) || forward.getMaskTensor();
  }
  static bool readsHead(mlir::Region &region);
  /// Whether k (v) must be brought into whole f32 vectors first.
  bool copiesKeys() { return !element.isWide() || D != width; }
  bool copiesValues() { return !element.isWide() || Dv != widthV; }

  // Decode.cpp
  void emitGrid();
  void emitItem(Value index);
  void emitPack(Value row);
  void emitBlock(Value kv0, Value full);
  TileVerdict emitBounds(Value kvFirst, Value kvLast);
  TileVerdict emitBoundsOf(const ModEmitter &base, Value qFirst, Value qLast,
                           Value kvFirst, Value kvLast);
  ModEmitter rowEmitter(Value row);
  void copyRows(const TensorInput &tensor, Value base, int64_t offset,
                int64_t size, int64_t padded);
  void fill(Value address, int64_t floats, float value);
  Value workspace(int64_t offset);
  Value rowPart(int64_t offset, Value row, int64_t floats);

  // DecodeBlock.cpp
  Value emitMaskBits();
  Value emitMaskTensor(Value row, Value key);
  void setValueRows();
  Value setKeptValueRows(Value bits);
  Value keyRow(Value key);
  Value valueRow(Value key);
  void bindKeys(ModEmitter &emitter, Value key);
  void emitRowTiles(Value rows,
                    llvm::function_ref<void(Value row, int64_t height)> tile);
  void emitScores();
  void prefetch(const TensorInput &tensor, Value base, Value k, int64_t r,
                Value row, Value d, int64_t elements);
  void emitScoreTile(Value key, Value row, int64_t height);
  Value sumOfFour(llvm::ArrayRef<Value> vectors);
  void emitWeights(Value row, Value masked);
  Value emitScoreMods(Value row, Value masked);
  void emitRescale(Value row, Value top);
  void emitSoftmax(Value row, Value top);
  void emitPlainWeights(Value row);
  void emitFinalWeights(Value row);
  Value dropOut(Value weights, Value key, Value row, Value head);
  void emitValues(Value masked);
  void emitColumns(llvm::function_ref<void(Value d, int64_t vectors)> columns);
  void emitValueTile(Value row, int64_t height, Value d, int64_t vectors);

  // DecodeMerge.cpp
  void emitFinish();
  void emitMerge();
  void emitMergedRow(Value row);
  void emitStoreRow(Value row, Value factor, Value lse);

  Ir ir;
  attn::ForwardOp forward;
  DecodeSchedule s;
  Element element; ///< of q, k, v and out
  int64_t D, Dv;
  int64_t width, widthV; ///< D and Dv rounded up to whole vectors
  DecodeWorkspace w;
  OnlineSoftmax softmax;
  KernelInputs in;
  Grid grid;
  Item item;
  KeyBlock block;
};

} // namespace attnjit::cpu

#endif // ATTNJIT_LIB_TARGET_CPU_DECODEEMITTER_H
