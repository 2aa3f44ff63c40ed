//===- TileMap.cpp - Which tiles of a mask are empty, full, partial -------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/TileMap.h"

#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <string_view>

using namespace attnjit;

std::string_view attnjit::name(TileKind kind) {
  switch (kind) {
  case TileKind::Empty:
    return "empty";
  case TileKind::Full:
    return "full";
  case TileKind::Partial:
    return "partial";
  }
  return "unknown";
}

//===----------------------------------------------------------------------===//
// TileClassifier
//===----------------------------------------------------------------------===//

/// Whether the corners of the queries or of the keys occur in it.
static bool dependsOnAny(const Expr &e, std::initializer_list<Var> corners) {
  return std::ranges::any_of(corners,
                             [&](Var corner) { return e->dependsOn(corner); });
}

/// How many axes of the tile the boxes span that the bounds read of buffers.
static int axesRead(const TileBounds &bounds) {
  int axes = 0;
  const Expr claims[] = {bounds.empty, bounds.full};
  for (const Expr &node : topologicalOrder(claims)) {
    if (node->op() != Op::LoadMin && node->op() != Op::LoadMax)
      continue;
    const bool byQ =
        dependsOnAny(node, {Var::QLo, Var::QHi, Var::QLocalLo, Var::QLocalHi});
    const bool byKv = dependsOnAny(
        node, {Var::KvLo, Var::KvHi, Var::KvLocalLo, Var::KvLocalHi});
    axes = std::max(axes, byQ + byKv);
  }
  return axes;
}

Expected<TileClassifier>
TileClassifier::create(const Expr &mask, std::span<const ParamDecl> params,
                       std::span<const BufferDecl> buffers) {
  TileBounds bounds = computeTileBounds(mask);
  const Expr claims[] = {bounds.empty, bounds.full};
  const Expr truth = mask ? mask : Expr::boolean(true);
  Expected<Interpreter> decide =
      Interpreter::create(claims, params, buffers, Interpreter::Mode::F32);
  if (!decide)
    return fail(decide.error());
  Expected<Interpreter> keeps =
      Interpreter::create({&truth, 1}, params, buffers, Interpreter::Mode::F32);
  if (!keeps)
    return fail(keeps.error());
  TileClassifier result(std::move(bounds), std::move(*decide),
                        std::move(*keeps));
  result.readAxes = axesRead(result.tileBounds);
  return result;
}

double TileClassifier::costOf(const PairBox &box) const {
  // The elements of a box are read one by one, each in a fraction of the time
  // of a decision.
  constexpr double kElementsPerDecision = 16;
  const double queries = double(box.i1 - box.i0),
               keys = double(box.j1 - box.j0);
  const double elements = readAxes == 0   ? 0
                          : readAxes == 1 ? queries + keys
                                          : queries * keys;
  double parts = 0;
  if (!tileBounds.cuts.empty() && !cutsOf(box).empty())
    parts = double(mostPartsOf(box.i1 - box.i0, box.j1 - box.j0)) / 4;
  return 1 + parts + elements / kElementsPerDecision;
}

/// Large boxes are halved anyway.
std::vector<TileCut> TileClassifier::cutsOf(const PairBox &box) const {
  constexpr int64_t kLargestCut = 1 << 16;
  if (tileBounds.cuts.empty() || box.pairs() > kLargestCut)
    return {};
  const int64_t queries = box.i1 - box.i0, keys = box.j1 - box.j0;
  return affordableCuts(tileBounds.cuts, queries, keys,
                        mostPartsOf(queries, keys));
}

void TileClassifier::bind(const Bindings &values, int32_t offsetOfQ,
                          int32_t offsetOfKv) {
  point = values;
  qOffset = offsetOfQ;
  kvOffset = offsetOfKv;
}

TileKind TileClassifier::classify(const PairBox &box) {
  const TileKind whole = classifyWhole(box);
  if (whole != TileKind::Partial)
    return whole;
  const std::vector<TileCut> cuts = cutsOf(box);
  return cuts.empty() ? whole : classifyParts(box, cuts);
}

TileKind TileClassifier::classifyParts(const PairBox &box,
                                       std::span<const TileCut> cuts) {
  auto endOfPart = [&](bool ofKeys, int64_t row, int64_t end, int32_t offset) {
    for (const TileCut &cut : cuts)
      if (cut.ofKeys == ofKeys)
        end = std::min(end, cut.lastOfPart(row + offset) - offset + 1);
    return end;
  };
  std::optional<TileKind> all;
  for (int64_t i = box.i0; i < box.i1;) {
    const int64_t iEnd = endOfPart(false, i, box.i1, qOffset);
    for (int64_t j = box.j0; j < box.j1;) {
      const int64_t jEnd = endOfPart(true, j, box.j1, kvOffset);
      const TileKind part = classifyWhole({i, iEnd, j, jEnd});
      if (part == TileKind::Partial || (all && *all != part))
        return TileKind::Partial;
      all = part;
      j = jEnd;
    }
    i = iEnd;
  }
  return all.value_or(TileKind::Partial);
}

TileKind TileClassifier::classifyWhole(const PairBox &box) {
  auto set = [this](Var global, Var local, int64_t index, int32_t offset) {
    point[global] = static_cast<int32_t>(index + offset);
    point[local] = static_cast<int32_t>(index);
  };
  set(Var::QLo, Var::QLocalLo, box.i0, qOffset);
  set(Var::QHi, Var::QLocalHi, box.i1 - 1, qOffset);
  set(Var::KvLo, Var::KvLocalLo, box.j0, kvOffset);
  set(Var::KvHi, Var::KvLocalHi, box.j1 - 1, kvOffset);
  std::span<const Value> claims = decide.evaluate(point);
  return claims[0].i   ? TileKind::Empty
         : claims[1].i ? TileKind::Full
                       : TileKind::Partial;
}

bool TileClassifier::keeps(int64_t i, int64_t j) {
  point[Var::Q] = static_cast<int32_t>(i + qOffset);
  point[Var::QLocal] = static_cast<int32_t>(i);
  point[Var::Kv] = static_cast<int32_t>(j + kvOffset);
  point[Var::KvLocal] = static_cast<int32_t>(j);
  return mask.evaluate(point)[0].i != 0;
}

bool TileClassifier::keepsNext(int64_t j) {
  point[Var::Kv] = static_cast<int32_t>(j + kvOffset);
  point[Var::KvLocal] = static_cast<int32_t>(j);
  return mask.evaluateNextKey(point)[0].i != 0;
}

TileKind TileClassifier::classifyByPairs(const PairBox &box) {
  const bool first = keeps(box.i0, box.j0);
  for (int64_t i = box.i0; i < box.i1; ++i) {
    if (keeps(i, box.j0) != first)
      return TileKind::Partial;
    for (int64_t j = box.j0 + 1; j < box.j1; ++j)
      if (keepsNext(j) != first)
        return TileKind::Partial;
  }
  return first ? TileKind::Full : TileKind::Empty;
}

int64_t TileClassifier::countKept(const PairBox &box) {
  int64_t kept = 0;
  for (int64_t i = box.i0; i < box.i1; ++i) {
    kept += keeps(i, box.j0);
    for (int64_t j = box.j0 + 1; j < box.j1; ++j)
      kept += keepsNext(j);
  }
  return kept;
}

//===----------------------------------------------------------------------===//
// TileGrid
//===----------------------------------------------------------------------===//

static int64_t divideUp(int64_t x, int64_t y) { return x / y + (x % y != 0); }

int64_t TileGrid::rows() const { return divideUp(Sq, tileQ); }
int64_t TileGrid::columns() const { return divideUp(Skv, tileKv); }

PairBox TileGrid::tile(int64_t row, int64_t column) const {
  // tileQ may be near INT64_MAX where there is one row: nothing overflows.
  return {row * tileQ, Sq - row * tileQ < tileQ ? Sq : (row + 1) * tileQ,
          column * tileKv,
          Skv - column * tileKv < tileKv ? Skv : (column + 1) * tileKv};
}

//===----------------------------------------------------------------------===//
// countTiles
//===----------------------------------------------------------------------===//

namespace {

/// Tiles [row0, row1) x [column0, column1).
struct TileRange {
  int64_t row0, row1, column0, column1;

  double tiles() const {
    return double(row1 - row0) * double(column1 - column0);
  }
  bool isOneTile() const { return row1 - row0 == 1 && column1 - column0 == 1; }
};

/// Breadth first: all ranges of a level are decided, the undecided ones are
/// halved on both axes. Where a level would exceed the budget, every n-th range
/// of it stands for n, or, where it has few and costly ones, none is decided
/// before they are halved.
class Descent {
public:
  Descent(TileClassifier &classifier, const TileGrid &grid,
          int64_t maxDecisions)
      : classifier(classifier), grid(grid), maxDecisions(maxDecisions) {}

  TileCounts run();

private:
  PairBox pairsOf(const TileRange &range) const;
  void decide(const TileRange &range);
  void splitLevel();
  bool affordLevel();
  void thinLevel(int64_t count);

  TileClassifier &classifier;
  const TileGrid &grid;
  const int64_t maxDecisions;
  TileCounts counts;
  std::vector<TileRange> level, undecided;
  double spent = 0;  ///< in decisions
  double weight = 1; ///< what a range of the level stands for
};

} // namespace

PairBox Descent::pairsOf(const TileRange &range) const {
  PairBox first = grid.tile(range.row0, range.column0);
  PairBox last = grid.tile(range.row1 - 1, range.column1 - 1);
  return {first.i0, last.i1, first.j0, last.j1};
}

void Descent::decide(const TileRange &range) {
  const PairBox pairs = pairsOf(range);
  ++counts.decisions;
  spent += classifier.costOf(pairs);
  switch (classifier.classify(pairs)) {
  case TileKind::Empty:
    counts.empty += weight * range.tiles();
    return;
  case TileKind::Full:
    counts.full += weight * range.tiles();
    counts.fullPairs += weight * double(pairs.pairs());
    return;
  case TileKind::Partial:
    if (!range.isOneTile()) {
      undecided.push_back(range);
      return;
    }
    counts.partial += weight;
    counts.partialTiles.push_back({pairs, weight});
    return;
  }
}

void Descent::splitLevel() {
  level.clear();
  for (const TileRange &range : undecided) {
    auto cut = [](int64_t begin, int64_t end) {
      return end - begin == 1 ? end : begin + (end - begin) / 2;
    };
    const int64_t row = cut(range.row0, range.row1);
    const int64_t column = cut(range.column0, range.column1);
    for (auto [row0, row1] :
         {std::pair{range.row0, row}, std::pair{row, range.row1}})
      for (auto [column0, column1] :
           {std::pair{range.column0, column}, std::pair{column, range.column1}})
        if (row0 < row1 && column0 < column1)
          level.push_back({row0, row1, column0, column1});
  }
  undecided.clear();
}

bool Descent::affordLevel() {
  double cost = 0;
  for (const TileRange &range : level)
    cost += classifier.costOf(pairsOf(range));
  // A quarter of what is left leaves room for the levels below.
  const double room = std::max((double(maxDecisions) - spent) / 4, 64.0);
  if (cost <= room)
    return true;
  const auto size = static_cast<int64_t>(level.size());
  const auto kept = static_cast<int64_t>(double(size) * room / cost);
  constexpr int64_t kLeastSample = 64;
  if (kept < kLeastSample && !level.front().isOneTile())
    return false;
  thinLevel(std::clamp(kept, std::min(kLeastSample, size), size));
  return true;
}

void Descent::thinLevel(int64_t count) {
  const auto size = static_cast<int64_t>(level.size());
  if (count == size)
    return;
  // Weighted by tiles: ranges of one level differ in size.
  double before = 0, after = 0;
  for (const TileRange &range : level)
    before += range.tiles();
  std::vector<TileRange> kept;
  for (int64_t n = 0; n < count; ++n)
    kept.push_back(
        level[static_cast<size_t>((2 * n + 1) * size / (2 * count))]);
  for (const TileRange &range : kept)
    after += range.tiles();
  level = std::move(kept);
  weight *= before / after;
  counts.exact = false;
}

TileCounts Descent::run() {
  counts.total = double(grid.rows()) * double(grid.columns());
  if (counts.total == 0)
    return counts;
  level = {{0, grid.rows(), 0, grid.columns()}};
  while (!level.empty()) {
    if (affordLevel())
      for (const TileRange &range : level)
        decide(range);
    else
      std::swap(undecided, level);
    splitLevel();
  }
  return counts;
}

TileCounts attnjit::countTiles(TileClassifier &classifier, const TileGrid &grid,
                               int64_t maxDecisions) {
  return Descent(classifier, grid, maxDecisions).run();
}

KeptPairs attnjit::countKeptPairs(TileClassifier &classifier,
                                  const TileCounts &counts, int64_t maxPairs) {
  double pairs = 0, represented = 0;
  for (const TileCounts::PartialTile &tile : counts.partialTiles) {
    pairs += double(tile.pairs.pairs());
    represented += tile.weight * double(tile.pairs.pairs());
  }
  KeptPairs result = {counts.fullPairs,
                      counts.exact && pairs <= double(maxPairs)};
  if (pairs <= double(maxPairs)) {
    for (const TileCounts::PartialTile &tile : counts.partialTiles)
      result.pairs += tile.weight * double(classifier.countKept(tile.pairs));
    return result;
  }
  const auto size = static_cast<int64_t>(counts.partialTiles.size());
  const int64_t sample = std::max<int64_t>(
      1, static_cast<int64_t>(double(size) * double(maxPairs) / pairs));
  double seen = 0, kept = 0;
  for (int64_t n = 0; n < sample; ++n) {
    const auto index = static_cast<size_t>((2 * n + 1) * size / (2 * sample));
    const TileCounts::PartialTile &tile = counts.partialTiles[index];
    // A huge tile is looked at in part: its first rows.
    PairBox box = tile.pairs;
    box.i1 = std::min(
        box.i1, box.i0 + std::max<int64_t>(1, maxPairs / (box.j1 - box.j0)));
    const double weight = tile.weight * double(tile.pairs.pairs());
    seen += weight;
    kept += weight * double(classifier.countKept(box)) / double(box.pairs());
  }
  result.pairs += kept / seen * represented;
  return result;
}
