//===- Picture.cpp - A mask, a score mod or tiles, drawn ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Picture.h"

#include "attnjit/Analysis/SplitMask.h"
#include "attnjit/Spec/Schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace attnjit;
using namespace attnjit::tool;

/// Pixels of the longer side of the plot, at most, where pairs are enlarged or
/// pixels stand for several; in between a pair is a pixel.
static constexpr int kPlotSize = 960;
static constexpr int kMostPlotSize = 1440;
/// What a side has at least, of a matrix that is much longer than wide.
static constexpr int kLeastSide = 120;
/// Samples of a pixel's pairs or tiles, along each axis.
static constexpr int64_t kSamples = 4;

static constexpr Colour kLeftOut = {238, 238, 238}, kKept = {27, 79, 138},
                        kFull = {27, 79, 138}, kPartial = {240, 150, 50},
                        kFrame = {120, 120, 120}, kNotANumber = {200, 0, 200};

static int64_t divideUp(int64_t x, int64_t y) { return x / y + (x % y != 0); }

//===----------------------------------------------------------------------===//
// From pairs to pixels
//===----------------------------------------------------------------------===//

namespace {

/// One axis: rows of the tensor to cells of the raster.
struct Axis {
  int64_t size = 0;
  int64_t perCell = 1; ///< rows of a cell
  int pixels = 1;      ///< of a cell

  static Axis of(int64_t size, int64_t longest) {
    Axis axis = {size, 1, 1};
    if (longest <= kPlotSize)
      axis.pixels = static_cast<int>(kPlotSize / longest);
    else if (longest > kMostPlotSize)
      axis.perCell = divideUp(longest, kPlotSize);
    // A short side beside a long one is drawn out of proportion.
    while (axis.perCell > 1 && divideUp(size, axis.perCell) < kLeastSide)
      axis.perCell /= 2;
    while (axis.cells() * axis.pixels < kLeastSide)
      ++axis.pixels;
    return axis;
  }

  int cells() const { return static_cast<int>(divideUp(size, perCell)); }
  int length() const { return cells() * pixels; }
  int64_t begin(int cell) const { return cell * perCell; }
  int64_t end(int cell) const { return std::min(size, (cell + 1) * perCell); }
  /// Where the row lies in the plot.
  int pixelOf(double row) const {
    return static_cast<int>(std::lround(row / double(perCell) * pixels));
  }
};

/// The n-th of `count` rows spread evenly over [begin, end).
int64_t sampleRow(int64_t begin, int64_t end, int64_t n, int64_t count) {
  return begin + (2 * n + 1) * (end - begin) / (2 * count);
}

class Painter {
public:
  Painter(MaskPlane &plane, const Axis &q, const Axis &kv, TileSize tile)
      : plane(plane), tiles(plane.grid(tile.q, tile.kv)), q(q), kv(kv),
        raster(kv.cells(), q.cells(), kLeftOut) {}

  Raster paintMask();
  Raster paintTiles();
  /// Values of the score mod; a pixel of pairs that are all left out has -inf.
  std::vector<float> scores(Interpreter &score, float at);

private:
  /// Cells [row0, row1) x [column0, column1).
  struct Cells {
    int row0, row1, column0, column1;
  };
  PairBox pairsOf(const Cells &cells) const {
    return {q.begin(cells.row0), q.end(cells.row1 - 1), kv.begin(cells.column0),
            kv.end(cells.column1 - 1)};
  }
  /// Calls `fill` for regions that are uniform by `decide`, `one` for single
  /// cells that are not.
  template <typename Decide, typename Fill, typename One>
  void walk(const Cells &cells, Decide decide, Fill fill, One one);
  void fill(const Cells &cells, Colour colour);
  double keptShare(const PairBox &pairs);
  PairBox wholeTiles(const PairBox &pairs) const;
  Colour tileColour(const PairBox &pairs);

  MaskPlane &plane;
  const TileGrid tiles;
  const Axis q, kv;
  Raster raster;
};

} // namespace

template <typename Decide, typename Fill, typename One>
void Painter::walk(const Cells &cells, Decide decide, Fill fill, One one) {
  const TileKind kind = decide(pairsOf(cells));
  if (kind != TileKind::Partial)
    return fill(cells, kind);
  const int rows = cells.row1 - cells.row0;
  const int columns = cells.column1 - cells.column0;
  if (rows == 1 && columns == 1)
    return one(cells);
  Cells first = cells, second = cells;
  if (rows >= columns)
    first.row1 = second.row0 = cells.row0 + rows / 2;
  else
    first.column1 = second.column0 = cells.column0 + columns / 2;
  walk(first, decide, fill, one);
  walk(second, decide, fill, one);
}

void Painter::fill(const Cells &cells, Colour colour) {
  for (int row = cells.row0; row < cells.row1; ++row)
    for (int column = cells.column0; column < cells.column1; ++column)
      raster.at(column, row) = colour;
}

/// Of the pairs, or of some of them where they are many.
double Painter::keptShare(const PairBox &pairs) {
  const int64_t rows = std::min(kSamples, pairs.i1 - pairs.i0);
  const int64_t columns = std::min(kSamples, pairs.j1 - pairs.j0);
  int64_t kept = 0;
  for (int64_t y = 0; y < rows; ++y)
    for (int64_t x = 0; x < columns; ++x)
      kept +=
          plane.classifier().keeps(sampleRow(pairs.i0, pairs.i1, y, rows),
                                   sampleRow(pairs.j0, pairs.j1, x, columns));
  return double(kept) / double(rows * columns);
}

Raster Painter::paintMask() {
  walk(
      {0, q.cells(), 0, kv.cells()},
      [&](const PairBox &pairs) { return plane.classifier().classify(pairs); },
      [&](const Cells &cells, TileKind kind) {
        fill(cells, kind == TileKind::Full ? kKept : kLeftOut);
      },
      [&](const Cells &cell) {
        fill(cell, blend(kLeftOut, kKept, keptShare(pairsOf(cell))));
      });
  return std::move(raster);
}

/// The pairs of all tiles that have some of `pairs`.
PairBox Painter::wholeTiles(const PairBox &pairs) const {
  const PairBox first =
      tiles.tile(pairs.i0 / tiles.tileQ, pairs.j0 / tiles.tileKv);
  const PairBox last =
      tiles.tile((pairs.i1 - 1) / tiles.tileQ, (pairs.j1 - 1) / tiles.tileKv);
  return {first.i0, last.i1, first.j0, last.j1};
}

/// Of one tile its kind; of several a mixture.
Colour Painter::tileColour(const PairBox &pairs) {
  double red = 0, green = 0, blue = 0;
  const int64_t rows = std::min(kSamples, (pairs.i1 - 1) / tiles.tileQ -
                                              pairs.i0 / tiles.tileQ + 1);
  const int64_t columns = std::min(kSamples, (pairs.j1 - 1) / tiles.tileKv -
                                                 pairs.j0 / tiles.tileKv + 1);
  for (int64_t y = 0; y < rows; ++y)
    for (int64_t x = 0; x < columns; ++x) {
      const int64_t i = sampleRow(pairs.i0, pairs.i1, y, rows);
      const int64_t j = sampleRow(pairs.j0, pairs.j1, x, columns);
      const TileKind kind = plane.classifier().classify(
          tiles.tile(i / tiles.tileQ, j / tiles.tileKv));
      const Colour colour = kind == TileKind::Empty  ? kLeftOut
                            : kind == TileKind::Full ? kFull
                                                     : kPartial;
      red += colour.red;
      green += colour.green;
      blue += colour.blue;
    }
  const double count = double(rows * columns);
  return {static_cast<uint8_t>(red / count),
          static_cast<uint8_t>(green / count),
          static_cast<uint8_t>(blue / count)};
}

Raster Painter::paintTiles() {
  walk(
      {0, q.cells(), 0, kv.cells()},
      [&](const PairBox &pairs) {
        return plane.classifier().classify(wholeTiles(pairs));
      },
      [&](const Cells &cells, TileKind kind) {
        fill(cells, kind == TileKind::Full ? kFull : kLeftOut);
      },
      [&](const Cells &cell) { fill(cell, tileColour(pairsOf(cell))); });
  return std::move(raster);
}

std::vector<float> Painter::scores(Interpreter &score, float at) {
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  std::vector<float> values(raster.pixels.size(), kNone);
  Bindings &point = plane.run().values();
  auto evaluate = [&](const Cells &cell) {
    const PairBox pairs = pairsOf(cell);
    plane.run().setRow(sampleRow(pairs.i0, pairs.i1, 0, 1));
    plane.run().setKey(sampleRow(pairs.j0, pairs.j1, 0, 1));
    point.score = at;
    values[static_cast<size_t>(cell.row0) * static_cast<size_t>(raster.width) +
           static_cast<size_t>(cell.column0)] =
        static_cast<float>(score.evaluate(point)[0].f);
  };
  walk(
      {0, q.cells(), 0, kv.cells()},
      [&](const PairBox &pairs) { return plane.classifier().classify(pairs); },
      [&](const Cells &cells, TileKind kind) {
        if (kind == TileKind::Empty)
          return;
        for (int row = cells.row0; row < cells.row1; ++row)
          for (int column = cells.column0; column < cells.column1; ++column)
            evaluate({row, row + 1, column, column + 1});
      },
      [&](const Cells &cell) {
        if (keptShare(pairsOf(cell)) > 0)
          evaluate(cell);
      });
  return values;
}

//===----------------------------------------------------------------------===//
// Axes and legend
//===----------------------------------------------------------------------===//

namespace {

/// Where things lie.
struct Layout {
  static constexpr int kLeft = 120, kTop = 84, kBottom = 84, kRight = 270;
  int plotWidth, plotHeight;

  int width() const { return kLeft + std::max(plotWidth, 480) + kRight; }
  int height() const { return kTop + std::max(plotHeight, 260) + kBottom; }
  int legendX() const { return kLeft + plotWidth + 28; }
};

/// The distance of the ticks: 1, 2 or 5 times a power of ten, or a power of two
/// where the size is a multiple of a large one.
int64_t tickStep(int64_t size, int most) {
  const bool isBinary = size >= 64 && size % 64 == 0;
  for (int64_t base = 1;; base *= isBinary ? 2 : 10)
    for (int64_t factor : {1, 2, 5}) {
      if (isBinary && factor != 1)
        continue;
      if (base * factor * most >= size)
        return base * factor;
    }
}

void drawAxes(Drawing &drawing, const Layout &layout, const Axis &q,
              const Axis &kv, int32_t qOffset, int32_t kvOffset) {
  constexpr int kTick = 6, kGap = 4;
  const int x = Layout::kLeft, y = Layout::kTop;
  const int w = layout.plotWidth, h = layout.plotHeight;
  drawing.rectangle(x - 1, y - 1, w + 2, 1, kFrame);
  drawing.rectangle(x - 1, y + h, w + 2, 1, kFrame);
  drawing.rectangle(x - 1, y - 1, 1, h + 2, kFrame);
  drawing.rectangle(x + w, y - 1, 1, h + 2, kFrame);
  const int64_t columnStep = tickStep(kv.size, std::max(1, w / 110));
  for (int64_t j = 0; j <= kv.size; j += columnStep) {
    const int at = x + std::min(w, kv.pixelOf(double(j)));
    drawing.rectangle(at, y + h, 1, kTick, kFrame);
    drawing.text(at, y + h + kTick + kGap, fmt::format("{}", j + kvOffset),
                 Align::Middle);
  }
  const int64_t rowStep = tickStep(q.size, std::max(1, h / 50));
  for (int64_t i = 0; i <= q.size; i += rowStep) {
    const int at = y + std::min(h, q.pixelOf(double(i)));
    drawing.rectangle(x - kTick, at, kTick, 1, kFrame);
    drawing.text(x - kTick - kGap, at - Drawing::kTextHeight / 2,
                 fmt::format("{}", i + qOffset), Align::End);
  }
  drawing.text(x + w / 2, y + h + 40, "key position kv", Align::Middle);
  drawing.text(8, y + h / 2, "query position q", Align::Middle, true);
}

class Legend {
public:
  Legend(Drawing &drawing, int x, int y) : drawing(drawing), x(x), y(y) {}

  void entry(Colour colour, const std::string &line) {
    constexpr int kBox = 18;
    drawing.rectangle(x - 1, y - 1, kBox + 2, kBox + 2, kFrame);
    drawing.rectangle(x, y, kBox, kBox, colour);
    drawing.text(x + kBox + 10, y + 2, line);
    y += 30;
  }
  void line(const std::string &text) {
    drawing.text(x, y, text);
    y += 24;
  }
  void space() { y += 14; }
  /// A scale of colours from `low` at its foot to `high`.
  template <typename ColourOf>
  void scale(const std::string &low, const std::string &high,
             ColourOf colourOf) {
    constexpr int kHeight = 180, kWidth = 24;
    for (int i = 0; i < kHeight; ++i)
      drawing.rectangle(x, y + i, kWidth, 1,
                        colourOf(1 - double(i) / (kHeight - 1)));
    drawing.text(x + kWidth + 10, y, high);
    drawing.text(x + kWidth + 10, y + kHeight - Drawing::kTextHeight, low);
    y += kHeight + 20;
  }

private:
  Drawing &drawing;
  const int x;
  int y;
};

/// From dark blue over green to yellow, as even to the eye as three pieces are.
Colour heat(double share) {
  constexpr Colour kStops[] = {{68, 1, 84},
                               {59, 82, 139},
                               {33, 145, 140},
                               {94, 201, 98},
                               {253, 231, 37}};
  const double at = std::clamp(share, 0.0, 1.0) * 4;
  const int stop = std::min(3, static_cast<int>(at));
  return blend(kStops[stop], kStops[stop + 1], at - stop);
}

} // namespace

/// Lines between tiles, where they are not too close.
static void drawTileLines(Drawing &drawing, const Layout &layout, const Axis &q,
                          const Axis &kv, TileSize tile) {
  constexpr int kLeastPixels = 8;
  constexpr Colour kLine = {255, 255, 255};
  if (kv.pixelOf(double(tile.kv)) >= kLeastPixels)
    for (int64_t j = tile.kv; j < kv.size; j += tile.kv)
      drawing.rectangle(Layout::kLeft + kv.pixelOf(double(j)), Layout::kTop, 1,
                        layout.plotHeight, kLine);
  if (q.pixelOf(double(tile.q)) >= kLeastPixels)
    for (int64_t i = tile.q; i < q.size; i += tile.q)
      drawing.rectangle(Layout::kLeft, Layout::kTop + q.pixelOf(double(i)),
                        layout.plotWidth, 1, kLine);
}

static std::string percent(double part, double whole, bool exact) {
  return fmt::format("{}{:.3g} %", exact ? "" : "about ",
                     whole > 0 ? 100 * part / whole : 0.0);
}

static Raster colourScores(const std::vector<float> &values, const Axis &q,
                           const Axis &kv, Legend &legend) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  bool hasNone = false, hasNaN = false;
  for (float value : values) {
    hasNaN |= std::isnan(value);
    hasNone |= value == -std::numeric_limits<float>::infinity();
    if (!std::isfinite(value))
      continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  Raster raster(kv.cells(), q.cells(), kLeftOut);
  for (size_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    if (std::isnan(value))
      raster.pixels[i] = kNotANumber;
    else if (value > -std::numeric_limits<float>::infinity())
      raster.pixels[i] =
          heat(high > low ? (double(value) - low) / (double(high) - low) : 0.5);
  }
  if (low <= high)
    legend.scale(fmt::format("{:.4g}", low), fmt::format("{:.4g}", high), heat);
  if (hasNone)
    legend.entry(kLeftOut, "left out, -inf");
  if (hasNaN)
    legend.entry(kNotANumber, "NaN");
  return raster;
}

Expected<Drawing> tool::drawMod(const ModProgram &written,
                                const Problem &problem,
                                const PictureOptions &options) {
  const ModProgram mod = inferMask(written);
  Expected<MaskPlane> plane =
      MaskPlane::create(written, problem, options.plane);
  if (!plane)
    return fail(plane.error());
  const Shape &shape = problem.shape();
  if (shape.Sq == 0 || shape.Skv == 0)
    return fail(ErrorKind::InvalidArgument,
                fmt::format("a matrix of {} x {} pairs has nothing to draw",
                            shape.Sq, shape.Skv));
  TileSize tile;
  if (options.tile) {
    tile = *options.tile;
  } else {
    Expected<TargetSpec> host = TargetSpec::host();
    if (!host)
      return fail(host.error());
    tile = kernelTile(written, problem, *host);
  }
  const int64_t longest = std::max(shape.Sq, shape.Skv);
  const Axis q = Axis::of(shape.Sq, longest), kv = Axis::of(shape.Skv, longest);
  const Layout layout = {kv.length(), q.length()};
  Drawing drawing(layout.width(), layout.height());
  Painter painter(*plane, q, kv, tile);
  Legend legend(drawing, layout.legendX(), Layout::kTop);
  const double pairs = double(shape.Sq) * double(shape.Skv);
  const char *subject = "the mask";
  Raster raster;
  switch (options.what) {
  case PictureOf::Mask: {
    legend.entry(kKept, "key kept");
    legend.entry(kLeftOut, "key left out");
    const TileCounts counts =
        countTiles(plane->classifier(), plane->grid(64, 64));
    const KeptPairs kept = countKeptPairs(plane->classifier(), counts);
    legend.space();
    legend.line(percent(kept.pairs, pairs, kept.exact));
    legend.line("of all pairs kept");
    raster = painter.paintMask();
    break;
  }
  case PictureOf::Tiles: {
    subject = "the tiles";
    legend.entry(kFull, "full: no mask");
    legend.entry(kPartial, "partial: masked");
    legend.entry(kLeftOut, "empty: skipped");
    const TileCounts counts =
        countTiles(plane->classifier(), plane->grid(tile.q, tile.kv));
    legend.space();
    legend.line(fmt::format("{} queries x", tile.q));
    legend.line(fmt::format("{} keys a tile", tile.kv));
    legend.space();
    legend.line(percent(counts.full, counts.total, counts.exact) + " full");
    legend.line(percent(counts.partial, counts.total, counts.exact) +
                " partial");
    legend.line(percent(counts.empty, counts.total, counts.exact) + " empty");
    raster = painter.paintTiles();
    break;
  }
  case PictureOf::Score: {
    subject = "the score";
    const Expr score = mod.score() ? mod.score() : Expr::var(Var::Score);
    Expected<Interpreter> interpreter = Interpreter::create(
        {&score, 1}, mod.params(), mod.buffers(), Interpreter::Mode::F32);
    if (!interpreter)
      return fail(interpreter.error());
    legend.line(fmt::format("score mod of {:.4g}", options.score));
    legend.space();
    raster = colourScores(painter.scores(*interpreter, options.score), q, kv,
                          legend);
    break;
  }
  }
  if (q.pixels == kv.pixels) {
    drawing.picture(Layout::kLeft, Layout::kTop, q.pixels, std::move(raster));
  } else {
    // Out of proportion: rows and columns of pixels are repeated here.
    Raster wide(kv.length(), q.length());
    for (int y = 0; y < wide.height; ++y)
      for (int x = 0; x < wide.width; ++x)
        wide.at(x, y) = raster.at(x / kv.pixels, y / q.pixels);
    drawing.picture(Layout::kLeft, Layout::kTop, 1, std::move(wide));
  }
  if (options.what == PictureOf::Tiles)
    drawTileLines(drawing, layout, q, kv, tile);
  drawAxes(drawing, layout, q, kv, plane->run().qOffset(),
           plane->run().kvOffset());
  drawing.text(Layout::kLeft, 18,
               fmt::format("{} of {}, batch entry {}, head {}", subject,
                           written.name().empty() ? "the mod" : written.name(),
                           options.plane.b, options.plane.h));
  drawing.text(Layout::kLeft, 46,
               q.perCell > 1 || kv.perCell > 1
                   ? fmt::format("a pixel stands for {} queries x {} keys",
                                 q.perCell, kv.perCell)
                   : fmt::format("{} queries x {} keys, one square a pair",
                                 shape.Sq, shape.Skv));
  return drawing;
}
