//===- Pairs.cpp - Mods on the pairs of a lane ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A mod is emitted for each element of the fragments: a lane's elements are in
// few rows and columns, and what depends on one of the two alone is shared. So
// is what depends on their distance.
//
// A mod of long code is emitted for one block of eight columns, in a loop over
// the blocks. Registers have no subscripts: in each turn the elements move on
// by one block, so that the block in turn is always the first. They all are
// where they were at the end.
//
// A block's distances are those of the block before, one row of eight further
// on, but for the first such row's: the others move on with the elements.
//
//===----------------------------------------------------------------------===//

#include "ForwardEmitter.h"
#include "OperationCount.h"

#include "attnjit/Frontend/PairDependence.h"

using namespace mlir;

namespace attnjit::nvptx {

/// Operations for all pairs of a lane from which on a mod is kept in a loop.
/// Of prefill for sm_90, bf16, D = 64, by ptxas 13.0; unrolled -> in a loop:
///
///                                PTX, KB      ptxas, s     spill stores, B
///   softcap           1125      145 -> 108   0.9 -> 0.6       0 -> 0
///   log_sigmoid       2469      195 -> 115   0.7 -> 0.7       0 -> 0
///   ranges            4013      292 -> 175   2.4 -> 1.1    1352 -> 248
///   log_gelu          4901      290 -> 127   2.0 -> 0.5       0 -> 0
///   graphormer_edges  5389      229 -> 125   5.2 -> 1.1    2804 -> 32
///   a sum of 32       9029      242 -> 122   7.6 -> 0.6   13680 -> 0
///
/// A loop moves 56 of 64 elements eight times, so that it must not be one where
/// a mod is no longer than that.
static constexpr int64_t kMostOperations = 3000;

/// Knows a key and what depends on it, but not on queries.
ModEmitter ForwardEmitter::keyEmitter(Value kvLocal, Region *region) {
  ModEmitter mods = *item.mods;
  mods.bind(attn::Position::KvLocal, kvLocal);
  mods.bind(attn::Position::Kv, ir.add(kvLocal, item.kvOffset));
  if (region)
    mods.emitReady(*region);
  return mods;
}

/// Values of distances, as the first row of this thread has them at a key.
ForwardEmitter::Values ForwardEmitter::emitDistance(Value kvLocal,
                                                    ValueRange ofDistance) {
  ModEmitter mods = *rowMods[0][0];
  mods.adopt(keyEmitter(kvLocal, nullptr));
  Values values;
  for (Value value : ofDistance)
    values.push_back(mods.emit(value));
  return values;
}

/// Replaces the elements of a block, whose first one is at the key `base` plus
/// `columns`, by what `body` makes of them. `elements`: four of each tile.
void ForwardEmitter::mapBlock(const PairMap &map, Value base, int64_t columns,
                              MutableArrayRef<Value> elements,
                              ExclusionAt isExcludedAt, DistanceAt distanceAt) {
  for (int64_t x = 0; x < 2; ++x) {
    Pair pair;
    pair.kvLocal = ir.plus(base, columns + x);
    std::optional<ModEmitter> key;
    if (map.region && !map.region->empty())
      key.emplace(keyEmitter(pair.kvLocal, map.region));
    for (int64_t row = 0; row < 2 * s.rowTiles; ++row) {
      pair.tile = row / 2;
      pair.half = row % 2;
      Value &element = elements[4 * pair.tile + 2 * pair.half + x];
      if (map.scores)
        pair.isExcluded = isExcludedAt(row, x);
      if (key) {
        pair.mods.emplace(*rowMods[pair.tile][pair.half]);
        pair.mods->adopt(*key);
        for (auto [inRegion, value] :
             llvm::zip_equal(map.ofDistance, distanceAt(row, x)))
          pair.mods->bind(inRegion, value);
      }
      element = map.body(element, pair);
    }
  }
}

/// The elements of a block, four of each tile.
static SmallVector<Value>
elementsOf(ArrayRef<std::vector<std::array<Value, 4>>> tiles, size_t block) {
  SmallVector<Value> elements;
  for (const auto &tile : tiles)
    elements.append(tile[block].begin(), tile[block].end());
  return elements;
}

/// Replaces each element by what `body` makes of it; the emitter that `body`
/// gets knows the pair.
void ForwardEmitter::forPairs(Tiles &tiles, Value kv0, Region *region,
                              const Tiles *scores, PairBody body) {
  PairMap map = {region, scores, body, {}};
  if (region && !isDecode)
    map.ofDistance = findDistanceValues(*region, /*leastCost=*/1);
  Value first = ir.add(kv0, ir.add(thread.key, thread.column));
  if (isLong(map, tiles, first))
    loopOverPairs(map, tiles, first);
  else
    unrollPairs(map, tiles, first);
}

void ForwardEmitter::unrollPairs(const PairMap &map, Tiles &tiles,
                                 Value first) {
  // By the distance less that of the first row and column.
  llvm::DenseMap<int64_t, Values> distances;
  for (size_t block = 0; block < tiles[0].size(); ++block) {
    const int64_t columns = 8 * block;
    Values elements = elementsOf(tiles, block);
    mapBlock(
        map, first, columns, elements,
        [&](int64_t row, int64_t x) {
          const Fragment &scores = (*map.scores)[row / 2][block];
          return isExcluded(scores[2 * (row % 2) + x]);
        },
        [&](int64_t row, int64_t x) -> Values {
          if (map.ofDistance.empty())
            return {};
          const int64_t distance = columns + x - 8 * row;
          Values &values = distances[distance];
          if (values.empty())
            values = emitDistance(ir.plus(first, distance), map.ofDistance);
          return values;
        });
    for (size_t tile = 0; tile < tiles.size(); ++tile)
      llvm::copy(ArrayRef(elements).slice(4 * tile, 4),
                 tiles[tile][block].begin());
  }
}

//===----------------------------------------------------------------------===//
// Long mods
//===----------------------------------------------------------------------===//

/// Whether what is mapped would be too much code for each pair of a lane. Found
/// by emitting that of two blocks, which is then dropped: the other ones add
/// what the second one adds to the first.
bool ForwardEmitter::isLong(const PairMap &map, const Tiles &tiles,
                            Value first) {
  const int64_t blocks = tiles[0].size();
  if (!map.region || map.region->empty() || blocks == 1)
    return false;
  int64_t counts[2];
  for (int64_t tried : {0, 1})
    counts[tried] = countOperations(ir, [&] {
      Tiles some = tiles;
      for (auto &tile : some)
        tile.resize(tried + 1);
      unrollPairs(map, some, first);
    });
  const int64_t total = counts[0] + (blocks - 1) * (counts[1] - counts[0]);
  return total > kMostOperations;
}

/// Bit c of the word of a row: whether the pair with the lane's column c, of
/// those it has, is not kept.
ForwardEmitter::Values ForwardEmitter::packExclusions(const Tiles &scores) {
  Values words;
  for (const auto &tile : scores)
    for (int64_t half = 0; half < 2; ++half) {
      Value word = ir.cI32(0);
      for (auto [block, fragment] : llvm::enumerate(tile))
        for (int64_t x = 0; x < 2; ++x)
          word = ir.bitOr(word,
                          ir.select(isExcluded(fragment[2 * half + x]),
                                    ir.cI32(1 << (2 * block + x)), ir.cI32(0)));
      words.push_back(word);
    }
  return words;
}

/// Values of the distances of two columns, of which `column` is the first, to
/// the first row, and behind them those of the columns eight keys before, but
/// for the last row that these have.
ForwardEmitter::Values ForwardEmitter::nextDistances(ValueRange distances,
                                                     Value column,
                                                     ValueRange ofDistance) {
  Values next;
  if (ofDistance.empty())
    return next;
  for (int64_t x = 0; x < 2; ++x)
    next.append(emitDistance(ir.plus(column, x), ofDistance));
  llvm::append_range(next, distances.drop_back(2 * ofDistance.size()));
  return next;
}

/// Those of the block before the one at `first`.
ForwardEmitter::Values ForwardEmitter::distancesBefore(Value first,
                                                       ValueRange ofDistance) {
  const int64_t rows = 2 * s.rowTiles;
  Values none;
  if (ofDistance.empty())
    return none;
  for (int64_t i = 0; i < 2 * rows; ++i)
    for (Value value : ofDistance)
      none.push_back(ir.zeroOf(value.getType()));
  Value begin = ir.plus(first, -8 * (rows - 1));
  return ir.foldRolled(rows - 1, none, [&](Value i, ValueRange distances) {
    return nextDistances(distances, ir.add(begin, ir.times(i, 8)), ofDistance);
  });
}

void ForwardEmitter::loopOverPairs(const PairMap &map, Tiles &tiles,
                                   Value first) {
  const size_t blocks = tiles[0].size();
  const size_t ofBlock = 4 * s.rowTiles, ofDistance = map.ofDistance.size();
  Values words;
  if (map.scores)
    words = packExclusions(*map.scores);
  Values carried;
  for (size_t block = 0; block < blocks; ++block)
    carried.append(elementsOf(tiles, block));
  carried.append(distancesBefore(first, map.ofDistance));

  auto body = [&](Value block, ValueRange values) {
    Value column = ir.add(first, ir.times(block, 8));
    Values distances = nextDistances(values.drop_front(blocks * ofBlock),
                                     column, map.ofDistance);
    Values elements(values.take_front(ofBlock));
    mapBlock(
        map, column, 0, elements,
        [&](int64_t row, int64_t x) {
          Value bit = ir.plus(ir.times(block, 2), x);
          return ir.isNonZero(
              ir.bitAnd(ir.shiftRight(words[row], bit), ir.cI32(1)));
        },
        [&](int64_t row, int64_t x) -> Values {
          return Values(ValueRange(distances).slice((2 * row + x) * ofDistance,
                                                    ofDistance));
        });
    Values next(values.slice(ofBlock, (blocks - 1) * ofBlock));
    next.append(elements);
    next.append(distances);
    return next;
  };
  Values results = ir.foldRolled(blocks, carried, body);
  for (size_t block = 0; block < blocks; ++block)
    for (int64_t tile = 0; tile < s.rowTiles; ++tile)
      llvm::copy(ArrayRef(results).slice(block * ofBlock + 4 * tile, 4),
                 tiles[tile][block].begin());
}

} // namespace attnjit::nvptx
