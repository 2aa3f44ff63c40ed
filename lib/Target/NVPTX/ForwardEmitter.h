//===- ForwardEmitter.h - Emission of one GPU kernel ------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The class that emits a kernel: its loop in Prefill.cpp, which blocks of keys
// it visits in TileWalk.cpp, how they come to shared memory in Copies.cpp, the
// products in Products.cpp and SplitProducts.cpp, how scores become weights in
// Weights.cpp, mods on pairs in Pairs.cpp, the end of the rows in Finish.cpp.
//
// Where elements are. A warp keeps tiles of 16 rows. Of the 16 x 8 results of a
// product, lane l holds (Fragment): elements 0 and 1 in row l / 4, columns
// 2 (l % 4) and the next; elements 2 and 3 eight rows below.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_NVPTX_FORWARDEMITTER_H
#define ATTNJIT_LIB_TARGET_NVPTX_FORWARDEMITTER_H

#include "GpuIr.h"
#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Frontend/ModEmitter.h"
#include "attnjit/Spec/GpuSchedule.h"
#include "attnjit/Target/Common/KernelInputs.h"
#include "attnjit/Target/Common/TileVerdict.h"

#include <functional>
#include <optional>
#include <vector>

namespace attnjit::nvptx {

using codegen::TileCorners;
using codegen::TileVerdict;

/// Bytes of a row that one matrix load takes of each of two matrices: 16
/// elements of 16 bits, the depth of one product, or eight of f32, likewise.
inline constexpr int64_t kStepBytes = 32;

class ForwardEmitter {
public:
  ForwardEmitter(mlir::OpBuilder &builder, attn::ForwardOp forward, Entry entry,
                 const AttentionSpec &spec, const GpuSchedule &schedule);

  /// Emits the kernel and the globals that it uses at the insertion point.
  void emit();

private:
  using Values = GpuIr::Values;
  using Fragment = std::array<Value, 4>;

  /// Values of one work item: of prefill, a head and a block of its queries;
  /// of decode, a block of the rows of a key head, and a split of the keys.
  struct Item {
    Value b, kvh;            ///< local indices, i32
    Value h;                 ///< likewise; prefill alone
    Value row0;              ///< first row, i32: of prefill, first query
    Value rows;              ///< rows there are, of all blocks; i32
    Value qOffset, kvOffset; ///< i32
    Value kvBegin, kvEnd;    ///< keys to visit, i32
    Value qFirst, qLast;     ///< local queries of the rows, i32
    Value mask;              ///< of this batch entry in the mask tensor
    Value group;             ///< query heads of the key head, i32
    Value index, cell;       ///< decode: as docs/kernel-abi.md numbers them
    Value splits;            ///< decode: of the keys
    /// Knows b, kvh and, of prefill, h, and what depends on them alone.
    std::optional<ModEmitter> mods;
  };

  /// Where this thread is.
  struct Thread {
    Value index, lane, warp;
    Value warpRow; ///< first row of its warp, among those of the block
    Value row;     ///< of fragment element 0, likewise
    Value key;     ///< first key of its warp, among those of a block
    Value column;  ///< key of fragment element 0, likewise; or column of out
  };

  /// What a row of the block stands for.
  struct RowPlace {
    Value h, q;   ///< local, i32
    Value exists; ///< i1
  };

  /// A tensor [rows, size] of one head in global memory.
  struct HeadRows {
    Value base;        ///< of row 0
    Value strideBytes; ///< i64
    Value isAligned;   ///< i1: every row begins at a multiple of 16 bytes
    int64_t size;      ///< elements of a row
  };

  /// One block of keys to visit, and those behind it; i32.
  struct Step {
    /// Its first key, a multiple of 16, with its bits of `some`, 2, and `all`,
    /// 1; -1 where there is none left.
    Value packed;
    /// Bit i speaks of the block that is i + 1 blocks behind, as far as the
    /// bounds have been asked. Of `some`: rows of this warp may keep a pair; of
    /// `all`: they keep every one, or, without the bit of `some`, other warps
    /// may keep a pair. Null without bounds.
    Value some, all;

    Value exists(GpuIr &ir) const {
      return ir.cmp(codegen::Ir::Pred::sge, packed, ir.cI32(0));
    }
    Value kv0(GpuIr &ir) const { return ir.bitAnd(packed, ir.cI32(-4)); }
    /// Of this warp's rows.
    Value isFull(GpuIr &ir) const {
      return ir.cmp(codegen::Ir::Pred::eq, ir.bitAnd(packed, ir.cI32(3)),
                    ir.cI32(3));
    }
    Value isEmpty(GpuIr &ir) const {
      return ir.isZero(ir.bitAnd(packed, ir.cI32(2)));
    }
    Values values() const {
      return some ? Values{packed, some, all} : Values{packed};
    }
  };

  /// Where the walk over the keys is; i32. A chunk is 32 blocks, a group 32
  /// chunks. Bits stand for those that may keep a pair.
  struct Walk {
    Value group, chunksLeft;
    Value chunk;
    Value some, all; ///< of the chunk's blocks, as in a Step

    Values values() const { return {group, chunksLeft, chunk, some, all}; }
    static Walk of(mlir::ValueRange v) {
      return {v[0], v[1], v[2], v[3], v[4]};
    }
  };

  /// Local queries or keys, i32, ends included.
  struct Range {
    Value first, last;
  };

  /// Of each row of this thread: tiles x two rows.
  using PerRow = std::vector<std::array<Value, 2>>;

  /// [tile of 16 rows][eight columns]
  using Tiles = std::vector<std::vector<Fragment>>;

  /// What rows come to while keys are visited.
  struct Sums {
    Tiles acc; ///< sums of weighted v; none where only m and l are found
    /// What weights are measured from: the largest score of a row, of all its
    /// lanes, or up to slack() less.
    PerRow m;
    PerRow l; ///< sum of this lane's weights, then of all lanes'
    /// f32: what acc is yet to be multiplied by before a block's part is added.
    PerRow rescale;
    PerRow factor; ///< once closed: what acc is multiplied by
    PerRow lse;    ///< likewise
  };

  /// From a score to the exponent of its weight: times `scale` plus `offset`.
  struct Reference {
    Value scale, offset;
  };

  /// One element of the fragments.
  struct Pair {
    int64_t tile, half; ///< the row
    Value kvLocal;
    Value isExcluded; ///< i1, by its score, where that is asked for
    std::optional<ModEmitter> mods; ///< knows the pair, where a mod is emitted
  };
  using PairBody = llvm::function_ref<Value(Value element, const Pair &pair)>;

  /// What is done to each element.
  struct PairMap {
    mlir::Region *region; ///< the mod's; may be null or empty
    const Tiles *scores;  ///< tell which pairs are excluded; may be null
    PairBody body;
    Values ofDistance; ///< values of the region that depend on kv - q alone
  };

  bool hasSoftmax() {
    return forward.getNormalize() == attn::Normalization::Softmax;
  }
  bool hasScore() { return !forward.getScore().empty(); }
  bool hasProb() { return !forward.getProb().empty(); }
  bool hasTwoPasses() { return forward.getTwoPass(); }
  bool hasMask() {
    return !forward.getMask().empty() || forward.getMaskTensor();
  }

  bool hasKeyConditions();
  bool isF32() { return element.isF32(); }
  /// Whether weights may be of any size: without a softmax, or after a prob
  /// mod.
  bool hasWideWeights() { return hasProb() || !hasSoftmax(); }
  /// Weights that f16 has no room for are rounded to tf32, which has the digits
  /// of f16 and the range of f32, and v is widened to it.
  bool usesTf32Weights() { return element.isF16() && hasWideWeights(); }
  /// Weights are multiplied by 2^this before they are rounded to the type of v:
  /// those of f16 would be denormal from 2^-14 on, and lose their digits.
  int weightShift() { return element.isF16() && !hasWideWeights() ? 14 : 0; }
  /// How far a row's scores may exceed m before its sums are rescaled, in units
  /// of log 2: so that weights keep below the largest f16.
  int slack() { return weightShift() ? 1 : 8; }
  /// Whether scores stay products of q and k, which no mod sees.
  bool usesProducts() { return hasSoftmax() && !hasScore(); }

  // Prefill.cpp
  Value createFunction();
  Value emitZeros();
  void openThread();
  HeadRows headRows(const codegen::TensorInput &tensor, Value head,
                    int64_t size);
  void openItem();
  /// Where a warp's slot of shared memory keeps its block's first query, and
  /// its own; behind the words of the walk.
  static constexpr int64_t kBlockQueryBytes = 8, kWarpQueryBytes = 12;
  void keepQueries();
  Value keptQuery(int64_t slotBytes);
  void openMods();
  RowPlace placeOf(Value row);
  RowPlace placeOf(int64_t tile, int64_t half) {
    return placeOf(ir.plus(thread.row, 16 * tile + 8 * half));
  }
  Value addressOf(const codegen::TensorInput &tensor, const RowPlace &place,
                  int64_t elementBytes);
  void bindRow(ModEmitter &mods, const RowPlace &place);
  void prepareRows();
  Values flatten(const Tiles &tiles);
  Values flatten(const Sums &sums);
  size_t unflatten(Tiles &tiles, mlir::ValueRange values);
  Sums unflatten(const Sums &like, mlir::ValueRange values);
  Sums emitPass(const Sums *final);
  void visitOrPass(Sums &sums, const Sums *final, const Step &step, Value base);
  void visit(Sums &sums, const Sums *final, const Step &step, Value base);
  Value stageBase(Value stage) {
    return ir.offset(shared, ir.times(stage, s.stageBytes()));
  }

  // TileWalk.cpp
  Step firstStep();
  Step nextStep(const Step &step);
  Value pack(Value exists, Value kv0, Value some, Value all);
  Value walkSlot();
  Step enterNextChunk(Value group, Value chunksLeft);
  Step stepTo(Value exists, Value kv0, Value some, Value all, Value bit);
  void askBlocks(Walk &walk);
  bool boundsMask();
  bool skipsBlocks() { return boundsMask() || forward.getMaskTensor(); }
  /// Whether warps may leave out blocks that others visit.
  bool asksByWarp() { return boundsMask() && !isDecode; }
  Value keyCount() { return ir.sub(item.kvEnd, item.kvBegin); }
  Value chunksOfGroup(Value group);
  TileVerdict boundsVerdict(const TileCorners &tile);
  Range blockQueries();
  Range warpQueries();
  Range queriesFrom(Value first, int64_t count);
  Range keysFrom(Value first, int64_t count);
  TileVerdict emitVerdict(const Range &queries, int64_t rows, const Range &keys,
                          bool cutsTiles);
  TileVerdict tensorVerdict(const Range &keys);
  void planKeyConditions();
  Value isKeyKept(Value kvLocal);

  // Copies.cpp
  Value unitAddress(Value base, const SharedRows &rows, Value row, Value unit);
  Value exchangeUnits(Value address, Value units);
  Value alongRow(Value address, const SharedRows &rows, int64_t bytes);
  void copyRows(const HeadRows &rows, Value first, Value end, int64_t count,
                Value to, const SharedRows &layout,
                llvm::function_ref<Value(Value row)> isWanted);
  void copyUnit(Value from, Value to, Value wanted, Value left);
  void copyQueries();
  void copyScatteredQueries();
  void copyKeysAndValues(const Step &step, Value base, bool withValues);

  // Products.cpp
  Fragment zeros();
  Value queryAddress();
  Values loadQuery(Value address, int64_t tile, int64_t step);
  void loadQueries();
  void negateQueries();
  Tiles emitScores(Value base);
  void multiplyInto(Fragment &sum, Type type, mlir::ValueRange a,
                    mlir::ValueRange b);
  Values packWeights(const Fragment &low, const Fragment &high);
  Values tf32Weights(const Fragment &p);
  void accumulate(Sums &sums, const Tiles &weights, Value base);

  // SplitProducts.cpp
  /// Numbers that are big + small, in registers of tf32.
  struct Split {
    Values big, small;
  };
  /// A sum of products of such numbers.
  struct SplitSum {
    Fragment big, small;
  };
  Split split(mlir::ValueRange numbers);
  SplitSum noSplitSum();
  void multiplySplit(SplitSum &sum, const Split &a, const Split &b,
                     int64_t step);
  Value join(const SplitSum &sum, size_t i);
  Tiles emitSplitScores(Value base);
  void accumulateSplit(Sums &sums, const Tiles &weights, Value base);

  // Pairs.cpp
  /// Of the pair of a row, counted from the thread's first one, and a column of
  /// a block, 0 or 1.
  using ExclusionAt = llvm::function_ref<Value(int64_t row, int64_t x)>;
  using DistanceAt = llvm::function_ref<Values(int64_t row, int64_t x)>;
  ModEmitter keyEmitter(Value kvLocal, mlir::Region *region);
  Values emitDistance(Value kvLocal, mlir::ValueRange ofDistance);
  void mapBlock(const PairMap &map, Value base, int64_t columns,
                llvm::MutableArrayRef<Value> elements, ExclusionAt isExcludedAt,
                DistanceAt distanceAt);
  void forPairs(Tiles &tiles, Value kv0, mlir::Region *region,
                const Tiles *scores, PairBody body);
  void unrollPairs(const PairMap &map, Tiles &tiles, Value first);
  bool isLong(const PairMap &map, const Tiles &tiles, Value first);
  Values packExclusions(const Tiles &scores);
  Values nextDistances(mlir::ValueRange distances, Value column,
                       mlir::ValueRange ofDistance);
  Values distancesBefore(Value first, mlir::ValueRange ofDistance);
  void loopOverPairs(const PairMap &map, Tiles &tiles, Value first);

  // Weights.cpp
  void scaleScores(Tiles &scores);
  void applyScoreMod(Tiles &scores, Value kv0);
  void applyMask(Tiles &scores, const Step &step);
  Value loadMask(const Pair &pair);
  Value scaleToLog2(Value score);
  Value isFar(Value m);
  Reference toReference(Value m);
  Value weight(Value score, const Reference &reference);
  void measureFromFar(const PerRow &m, Tiles &scores);
  Value rowMaximum(const std::vector<Fragment> &scores, int64_t half);
  Value rescaleFactor(Value before, Value m);
  void raiseMaxima(Sums &sums, Tiles &scores);
  void emitSoftmax(Sums &sums, Tiles &scores);
  void emitProbabilities(const Sums &final, Tiles &scores);
  void dropExcluded(Tiles &scores);
  Value isExcluded(Value score);
  void applyProbMod(Tiles &weights, const Tiles &scores, Value kv0);
  void applyDropout(Tiles &weights, Value kv0);
  Value keepIf(Value word, Value weight);
  std::pair<Value, Value> dropoutWords(Value first, Value q, Value head,
                                       Value isOdd);

  // Finish.cpp
  struct Closed {
    Value factor, lse;
  };
  Closed closeRow(Value m, Value l, const ModEmitter &row);
  Value logScale();
  void closeSums(Sums &sums);
  void finish(Sums &sums);
  void storeOut(const Sums &sums);
  void storeOutUnit(const HeadRows &out, Value row, Value unit, Value exists);
  void storeLse(Value lse, const RowPlace &place);

  // Decode.cpp
  /// A part of a row's sums: of a warp, of a split.
  struct Part {
    Value m, l;
    std::function<Value(Value column)> loadAcc; ///< four floats
  };
  using Parts = std::function<Part(Value index)>;
  void openDecodeItem();
  void finishDecode(Sums &sums);
  void leaveSums(Sums &sums);
  struct Merged {
    Value m, l;
    Value top; ///< reference of the parts' factors
  };
  Merged mergeParts(Value count, const Parts &parts);
  Value partFactor(const Part &part, Value top);
  std::vector<Part> readParts(Value first, Value count, const Parts &parts);
  Values mergeColumns(Value count, const Parts &parts, Value top, Value lane);
  Value columnOf(Value lane, int64_t group);
  Value arrive();
  void storeRow(Value row, Value lane, const Merged &merged, const Values &acc);

  GpuIr ir;
  attn::ForwardOp forward;
  bool isDecode;
  GpuSchedule s;
  Type element; ///< of q, k, v and out: f32, f16 or bf16
  int64_t D, Dv;
  codegen::KernelInputs in;
  Value shared; ///< base of shared memory
  Thread thread;
  Item item;
  HeadRows q, k, v;
  Value Sq, Skv; ///< i32
  /// What products of q and k are multiplied by: to be s, or, where they stay
  /// products, to be in units of log 2; that is positive.
  Value scoreScale;
  std::vector<std::array<std::optional<ModEmitter>, 2>> rowMods;
  std::vector<std::vector<Values>> queryRegisters; ///< [tile][step of D]
  /// Of each row, sums of the weights of a block before each 16 keys, and of
  /// all.
  std::vector<Values> sumsBefore;
  std::vector<Value> keyConditions; ///< values of the mask's region
};

} // namespace attnjit::nvptx

#endif // ATTNJIT_LIB_TARGET_NVPTX_FORWARDEMITTER_H
