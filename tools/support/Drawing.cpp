//===- Drawing.cpp - Pictures with labels, as PNG or SVG ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Drawing.h"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>

using namespace attnjit;
using namespace attnjit::tool;

/// Glyphs are painted twice as large as they are.
static constexpr int kGlyphScale = 2;
static constexpr int kAdvance = 6 * kGlyphScale;
static constexpr Colour kInk = {34, 34, 34};

Colour tool::blend(Colour a, Colour b, double share) {
  auto mix = [share](uint8_t x, uint8_t y) {
    return static_cast<uint8_t>(std::lround(x + (y - x) * share));
  };
  return {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue)};
}

int Drawing::widthOf(std::string_view line) {
  return line.empty() ? 0 : static_cast<int>(line.size()) * kAdvance - 2;
}

void Drawing::rectangle(int x, int y, int w, int h, Colour colour) {
  rectangles.push_back({x, y, w, h, colour});
}

void Drawing::picture(int x, int y, int scale, Raster raster) {
  pictures.push_back({x, y, scale, std::move(raster)});
}

void Drawing::text(int x, int y, std::string line, Align align, bool upright) {
  texts.push_back({x, y, std::move(line), align, upright});
}

//===----------------------------------------------------------------------===//
// Painting
//===----------------------------------------------------------------------===//

static void paintRectangle(Raster &raster, int x, int y, int w, int h,
                           Colour colour) {
  for (int row = std::max(y, 0); row < std::min(y + h, raster.height); ++row)
    for (int column = std::max(x, 0); column < std::min(x + w, raster.width);
         ++column)
      raster.at(column, row) = colour;
}

/// How far text begins before the point that it is aligned to.
static int offsetOf(Align align, int length) {
  return align == Align::Begin    ? 0
         : align == Align::Middle ? length / 2
                                  : length;
}

Raster Drawing::paint() const {
  Raster raster(width, height);
  for (const Picture &picture : pictures)
    for (int y = 0; y < picture.raster.height; ++y)
      for (int x = 0; x < picture.raster.width; ++x)
        paintRectangle(raster, picture.x + x * picture.scale,
                       picture.y + y * picture.scale, picture.scale,
                       picture.scale,
                       const_cast<Raster &>(picture.raster).at(x, y));
  for (const Rectangle &r : rectangles)
    paintRectangle(raster, r.x, r.y, r.w, r.h, r.colour);
  for (const Text &text : texts) {
    const int before = offsetOf(text.align, widthOf(text.line));
    for (size_t i = 0; i < text.line.size(); ++i) {
      const Glyph &glyph = glyphOf(text.line[i]);
      const int begin = static_cast<int>(i) * kAdvance - before;
      for (int row = 0; row < 7; ++row)
        for (int column = 0; column < 5; ++column) {
          if (!(glyph[static_cast<size_t>(row)] >> (4 - column) & 1))
            continue;
          const int along = begin + column * kGlyphScale;
          const int across = row * kGlyphScale;
          if (text.upright)
            paintRectangle(raster, text.x + across,
                           text.y - along - kGlyphScale, kGlyphScale,
                           kGlyphScale, kInk);
          else
            paintRectangle(raster, text.x + along, text.y + across, kGlyphScale,
                           kGlyphScale, kInk);
        }
    }
  }
  return raster;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Expected<std::string> tool::encodePng(const Raster &raster) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(raster.width);
  image.height = static_cast<png_uint_32>(raster.height);
  image.format = PNG_FORMAT_RGB;
  static_assert(sizeof(Colour) == 3, "pixels are what libpng reads");
  png_alloc_size_t bytes = 0;
  std::string encoded;
  if (png_image_write_to_memory(&image, nullptr, &bytes, 0,
                                raster.pixels.data(), 0, nullptr)) {
    encoded.resize(bytes);
    if (png_image_write_to_memory(&image, encoded.data(), &bytes, 0,
                                  raster.pixels.data(), 0, nullptr)) {
      encoded.resize(bytes);
      return encoded;
    }
  }
  std::string message = image.message;
  png_image_free(&image);
  return fail(ErrorKind::Environment,
              fmt::format("no PNG of {} x {} pixels: {}", raster.width,
                          raster.height, message));
}

static std::string base64(std::string_view bytes) {
  constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t word = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t n = 0; n < 3; ++n)
      word = word << 8 |
             (n < count ? static_cast<unsigned char>(bytes[i + n]) : 0u);
    for (size_t n = 0; n < 4; ++n)
      text += n <= count ? kDigits[word >> (18 - 6 * n) & 63] : '=';
  }
  return text;
}

static std::string escaped(std::string_view line) {
  std::string text;
  for (char c : line)
    switch (c) {
    case '&':
      text += "&amp;";
      break;
    case '<':
      text += "&lt;";
      break;
    case '>':
      text += "&gt;";
      break;
    default:
      text += c;
    }
  return text;
}

static std::string hex(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green,
                     colour.blue);
}

std::string Drawing::svg() const {
  std::string text =
      fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" "
                  "xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{0}\" "
                  "height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n"
                  "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
                  width, height);
  for (const Picture &picture : pictures)
    if (Expected<std::string> png = encodePng(picture.raster))
      text += fmt::format(
          "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
          "preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
          "xlink:href=\"data:image/png;base64,{}\"/>\n",
          picture.x, picture.y, picture.raster.width * picture.scale,
          picture.raster.height * picture.scale, base64(*png));
  for (const Rectangle &r : rectangles)
    text += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" "
                        "fill=\"{}\"/>\n",
                        r.x, r.y, r.w, r.h, hex(r.colour));
  constexpr const char *kAnchors[] = {"start", "middle", "end"};
  for (const Text &t : texts) {
    const char *anchor = kAnchors[static_cast<size_t>(t.align)];
    const int x = t.upright ? t.x + kTextHeight : t.x;
    const int y = t.upright ? t.y : t.y + kTextHeight;
    text += fmt::format(
        "<text x=\"{0}\" y=\"{1}\" font-family=\"sans-serif\" "
        "font-size=\"16\" text-anchor=\"{2}\" fill=\"{3}\"{4}>{5}</text>\n",
        x, y, anchor, hex(kInk),
        t.upright ? fmt::format(" transform=\"rotate(-90 {} {})\"", x, y) : "",
        escaped(t.line));
  }
  return text + "</svg>\n";
}

Expected<void> Drawing::write(const std::string &file) const {
  std::string bytes;
  if (file.ends_with(".svg")) {
    bytes = svg();
  } else if (file.ends_with(".png")) {
    Expected<std::string> png = encodePng(paint());
    if (!png)
      return fail(png.error());
    bytes = std::move(*png);
  } else {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("`{}`; its name should end in .png or .svg", file));
  }
  std::ofstream stream(file, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream)
    return fail(
        ErrorKind::Environment,
        fmt::format("cannot write `{}`: {}", file, std::strerror(errno)));
  return {};
}
