//===- Drawing.h - Pictures with labels, as PNG or SVG ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A Drawing is a list of rectangles, pictures and lines of text; writePng
// paints them, writeSvg writes them down. Units are pixels, from the upper left
// corner.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_DRAWING_H
#define ATTNJIT_TOOLS_SUPPORT_DRAWING_H

#include "attnjit/Support/Error.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace attnjit::tool {

struct Colour {
  uint8_t red = 0, green = 0, blue = 0;

  bool operator==(const Colour &) const = default;
};

/// Between a (share 0) and b (share 1).
Colour blend(Colour a, Colour b, double share);

/// Pixels, row by row.
struct Raster {
  int width = 0, height = 0;
  std::vector<Colour> pixels;

  Raster() = default;
  Raster(int width, int height, Colour colour = {255, 255, 255})
      : width(width), height(height),
        pixels(static_cast<size_t>(width) * static_cast<size_t>(height),
               colour) {}

  Colour &at(int x, int y) {
    return pixels[static_cast<size_t>(y) * static_cast<size_t>(width) +
                  static_cast<size_t>(x)];
  }
};

/// Where x is: the text's begin, middle or end.
enum class Align : uint8_t { Begin, Middle, End };

class Drawing {
public:
  Drawing(int width, int height) : width(width), height(height) {}

  void rectangle(int x, int y, int w, int h, Colour colour);
  /// Each pixel of the raster becomes `scale` by `scale`.
  void picture(int x, int y, int scale, Raster raster);
  /// ASCII; `y` is the upper edge. With `upright`, read from below: x is the
  /// left edge then, and y what `align` says.
  void text(int x, int y, std::string line, Align align = Align::Begin,
            bool upright = false);

  /// Paints everything on white.
  Raster paint() const;

  /// To a file, by its ending .png or .svg; the Error names it.
  Expected<void> write(const std::string &file) const;

  /// Of a line of text.
  static int widthOf(std::string_view line);
  static constexpr int kTextHeight = 14;

private:
  std::string svg() const;

  struct Rectangle {
    int x, y, w, h;
    Colour colour;
  };
  struct Picture {
    int x, y, scale;
    Raster raster;
  };
  struct Text {
    int x, y;
    std::string line;
    Align align;
    bool upright;
  };
  int width, height;
  std::vector<Picture> pictures;
  std::vector<Rectangle> rectangles;
  std::vector<Text> texts;
};

/// Seven rows of five pixels.
using Glyph = std::array<uint8_t, 7>;
/// A question mark for what is no printable ASCII.
const Glyph &glyphOf(char character);

/// A PNG file's bytes.
Expected<std::string> encodePng(const Raster &raster);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_DRAWING_H
