//===- PrefillLoads.cpp - What a mod reads, once a strip or a tile --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a mod makes of the query alone is computed when a strip is packed, and
// loaded where a tile needs it:
//
// (Numbers are those of x86-64-v3, whose tiles are 4 keys by 24 queries.)
//
//   doc[q] == doc[kv]       kept: doc[q], 24 lanes a strip
//   slope[h] * (kv - q)     nothing: q is there anyhow
//
// Loads that walk along a row of a buffer with the key (PairDependence.h) are
// done for a whole tile before it needs them. Where the rows of the 24 queries
// start is kept with the strip; a tile then reads 4 keys of each row at once,
// and transposes them into lanes:
//
//   bias[h, q, kv]          kept: 24 offsets; a tile: 24 loads of 4 elements
//
// What depends on kv - q alone is computed for the 27 distances of a tile, not
// for its 96 pairs:
//
//   table[bucket(kv - q)]   a tile: 4 vectors, of which 12 are read
//
// Where the four keys of a row do not lie one after another inside the buffer,
// elements are read one by one. The mask tensor is one more load of that kind.
//
//===----------------------------------------------------------------------===//

#include "PrefillEmitter.h"

#include "Transpose.h"
#include "attnjit/Frontend/EmitLoad.h"
#include "attnjit/Frontend/PairDependence.h"

using namespace mlir;

namespace attnjit::cpu {

//===----------------------------------------------------------------------===//
// Once a strip
//===----------------------------------------------------------------------===//

void PrefillEmitter::bindQueries(ModEmitter &mods, Value q) {
  mods.bindConsecutive(attn::Position::Q, q);
  mods.bindConsecutive(attn::Position::QLocal,
                       ir.sub(q, ir.broadcast(item.qOffset)));
}

void PrefillEmitter::keepRows(TileLoad load, ArrayRef<Value> subscripts,
                              Value strip, Value lane) {
  load.offsets = w.rowOffsets + tileLoads.size() * w.rowOffsetsBytes;
  load.elements = w.tileElements + tileLoads.size() * w.tileElementsBytes;
  Value offsets = emitBufferOffset(ir.b, ir.loc, load.buffer, subscripts);
  if (!isa<VectorType>(offsets.getType()))
    offsets = ir.broadcast(offsets);
  ir.store(offsets, ir.at(rowOffsets(load, strip), ir.i64(), lane));
  tileLoads.push_back(std::move(load));
}

Value PrefillEmitter::rowOffsets(const TileLoad &load, Value strip) {
  return ir.at(workspace(load.offsets), ir.i64(), ir.mul(strip, s.strip()));
}

void PrefillEmitter::keepStripValues(Value strip, Value lane, Value q) {
  if (forward.getMaskTensor()) {
    TileLoad load;
    load.buffer = item.mask;
    load.keyAxis = 1;
    Value rows = ir.sub(q, ir.broadcast(item.qOffset));
    keepRows(std::move(load), {rows, Value()}, strip, lane);
  }
  for (Region *region :
       {&forward.getMask(), &forward.getScore(), &forward.getProb()}) {
    ModEmitter mods = *item.mods;
    bindQueries(mods, q);
    SmallVector<Value> elsewhere;
    for (const DistanceValue &distance : distanceValues)
      elsewhere.push_back(distance.result);
    for (const PairLoad &pair : findPairLoads(*region)) {
      if (std::ssize(tileLoads) == PrefillWorkspace::kTileLoads)
        break;
      attn::LoadOp op = pair.op;
      TileLoad load;
      load.region = region;
      load.result = op.getResult();
      load.buffer = in.captures.buffers[op.getOrdinal()];
      load.keyAxis = pair.keyAxis;
      load.keySubscript = op.getSubscripts()[pair.keyAxis];
      SmallVector<Value> subscripts;
      for (auto [axis, subscript] : llvm::enumerate(op.getSubscripts()))
        subscripts.push_back(axis == pair.keyAxis ? Value()
                                                  : mods.emit(subscript));
      keepRows(std::move(load), subscripts, strip, lane);
      elsewhere.push_back(op.getResult());
    }
    mods.emitReady(*region);
    for (Value value : mods.worthKeeping(*region, elsewhere)) {
      if (std::ssize(stripValues) == PrefillWorkspace::kStripValues)
        break;
      StripValue kept = {region, value,
                         w.stripValues +
                             std::ssize(stripValues) * w.stripValuesBytes};
      storeLanes(
          mods.lookup(value),
          ir.at(stripPart(kept.offset, strip, s.strip()), ir.f32(), lane));
      stripValues.push_back(kept);
    }
  }
}

/// Lanes of f32, i32, or i1 as 0 and -1.
void PrefillEmitter::storeLanes(Value lanes, Value address) {
  if (getElementTypeOrSelf(lanes.getType()).isInteger(1))
    lanes = arith::ExtSIOp::create(ir.b, ir.loc, ir.vec(ir.i32()), lanes);
  ir.store(lanes, address);
}

Value PrefillEmitter::loadLanes(Type type, Value address) {
  if (!type.isInteger(1))
    return ir.load(ir.vec(type), address);
  return ir.cmp(Ir::Pred::ne, ir.loadVecI32(address), ir.splat(0));
}

//===----------------------------------------------------------------------===//
// Once a tile
//===----------------------------------------------------------------------===//

/// Elements as a tile keeps them: f32 or i32, where a bool is true if not 0.
static Value widenElements(Ir &ir, const BufferAccess &buffer, Value raw) {
  if (!buffer.element.isSignlessInteger(8))
    return emitFromStorage(ir.b, ir.loc, buffer, raw);
  Type type = ir.i32();
  if (auto vector = dyn_cast<VectorType>(raw.getType()))
    type = vector.clone(type);
  return arith::ExtUIOp::create(ir.b, ir.loc, type, raw);
}

void PrefillEmitter::emitTileLoads(const StripState &state, Value kv,
                                   Region &region) {
  for (const TileLoad &load : tileLoads)
    if (load.region == &region)
      emitTileLoad(state, load, kv);
}

/// Fills the load's elements of the tile, [rows][strip].
void PrefillEmitter::emitTileLoad(const StripState &state, const TileLoad &load,
                                  Value kv) {
  constexpr int64_t kKeys = 4; // of a row, loaded at once
  Value key = ir.trunc32(kv);
  if (load.keySubscript) {
    ModEmitter mods = *item.mods;
    bindKey(mods, kv);
    key = mods.emit(load.keySubscript);
  }
  const BufferAccess &buffer = load.buffer;
  Value last = buffer.last[load.keyAxis], stride = buffer.stride[load.keyAxis];
  Type storage = storageTypeOf(buffer);
  Value offsets = rowOffsets(load, state.index);
  Value elements = workspace(load.elements);
  auto offsetAt = [&](Value index) {
    return ir.load(ir.i64(), ir.at(offsets, ir.i64(), index));
  };

  Value inside = ir.bitAnd(
      ir.cmp(Ir::Pred::sge, key, ir.cI32(0)),
      ir.cmp(Ir::Pred::sle, key,
             ir.sub(last, ir.cI32(static_cast<int32_t>(s.rows) - 1))));
  Value together = ir.cmp(Ir::Pred::eq, stride, ir.cI64(1));
  ir.ifElse(
      {}, ir.bitAnd(inside, together),
      [&] {
        Value first = ir.at(buffer.base, storage, ir.ext64(key));
        auto type = VectorType::get(kKeys, storage);
        ir.loop(s.strip(), ir.lanes, [&](Value lane) {
          Value to = ir.at(elements, ir.i32(), lane);
          Ir::Values rows;
          for (int64_t i = 0; i < ir.lanes; ++i)
            rows.push_back(ir.at(first, storage, offsetAt(ir.add(lane, i))));
          for (int64_t r = 0; r < s.rows; r += kKeys) {
            Ir::Values fours;
            for (Value row : rows)
              fours.push_back(widenElements(
                  ir, buffer, ir.load(type, ir.at(row, storage, r))));
            for (auto [i, keys] : llvm::enumerate(transposeFours(ir, fours)))
              ir.store(keys, ir.at(to, ir.i32(), (r + i) * s.strip()));
          }
        });
        return Ir::Values();
      },
      [&] {
        ir.loop(s.rows, 1, [&](Value r) {
          Value own = ir.add(key, ir.trunc32(r));
          own = ir.min(ir.max(own, ir.cI32(0)), last);
          Value column =
              ir.at(buffer.base, storage, ir.mul(ir.ext64(own), stride));
          Value to = ir.at(elements, ir.i32(), ir.mul(r, s.strip()));
          ir.loop(s.strip(), 1, [&](Value lane) {
            Value raw =
                ir.load(storage, ir.at(column, storage, offsetAt(lane)));
            ir.store(widenElements(ir, buffer, raw), ir.at(to, ir.i32(), lane));
          });
        });
        return Ir::Values();
      });
}

void PrefillEmitter::planDistances() {
  for (Region *hook : {&forward.getScore(), &forward.getProb()})
    for (Value value : findDistanceValues(*hook))
      if (std::ssize(distanceValues) < PrefillWorkspace::kDistanceValues)
        distanceValues.push_back(
            {hook, value,
             w.distances + std::ssize(distanceValues) * w.distancesBytes});
}

/// Element i of a value's distances is that of the tile's last key and the
/// strip's first query + i: what a row needs of a column then lies side by
/// side. Queries are counted on past the last one, for lanes that count none.
void PrefillEmitter::emitDistances(const StripState &state, Value kv,
                                   Region &hook) {
  auto isOfHook = [&](const DistanceValue &d) { return d.region == &hook; };
  if (llvm::none_of(distanceValues, isOfHook))
    return;
  Value first = ir.load(ir.i32(), state.positions);
  ir.loop(w.distancesOf(s), ir.lanes, [&](Value lane) {
    ModEmitter mods = *item.mods;
    bindKey(mods, ir.add(kv, s.rows - 1));
    Value q = ir.add(first, ir.trunc32(lane));
    bindQueries(mods, ir.add(ir.broadcast(q), ir.iota()));
    for (const DistanceValue &distance : distanceValues)
      if (isOfHook(distance)) {
        Value to = ir.at(workspace(distance.offset), ir.f32(), lane);
        storeLanes(mods.emit(distance.result), to);
      }
  });
}

/// Row `r` and one column of what emitTileLoad has filled.
Value PrefillEmitter::tileElements(const TileLoad &load, Value r,
                                   int64_t column) {
  Value row = ir.at(workspace(load.elements), ir.i32(), ir.mul(r, s.strip()));
  Type type = load.result ? load.result.getType() : ir.i1();
  return loadLanes(type, ir.at(row, ir.i32(), column * ir.lanes));
}

ModEmitter PrefillEmitter::columnEmitter(const ModEmitter &row,
                                         const StripState &state,
                                         Region &region, Value r,
                                         int64_t column) {
  auto part = [&](Value base) {
    return ir.at(base, ir.f32(), column * ir.lanes);
  };
  ModEmitter mods = row;
  bindQueries(mods, ir.loadVecI32(part(state.positions)));
  for (const StripValue &kept : stripValues)
    if (kept.region == &region) {
      Value from = stripPart(kept.offset, state.index, s.strip());
      mods.bind(kept.result, loadLanes(kept.result.getType(), part(from)));
    }
  for (const TileLoad &load : tileLoads)
    if (load.region == &region)
      mods.bind(load.result, tileElements(load, r, column));
  for (const DistanceValue &distance : distanceValues)
    if (distance.region == &region) {
      Value from = part(workspace(distance.offset));
      Value rowsAfter = ir.sub(ir.cI64(s.rows - 1), r);
      mods.bind(distance.result, loadLanes(distance.result.getType(),
                                           ir.at(from, ir.f32(), rowsAfter)));
    }
  return mods;
}

ModEmitter PrefillEmitter::rowEmitter(Region &region, Value kv) {
  ModEmitter mods = *item.mods;
  bindKey(mods, kv);
  mods.emitReady(region);
  return mods;
}

void PrefillEmitter::bindKey(ModEmitter &mods, Value kv) {
  Value local = ir.trunc32(kv);
  mods.bind(attn::Position::KvLocal, local);
  mods.bind(attn::Position::Kv, ir.add(local, item.kvOffset));
}

} // namespace attnjit::cpu
