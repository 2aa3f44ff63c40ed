//===- Neighbourhood.cpp - Masks of neighbourhoods on a grid --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Neighbourhood.h"

using namespace attnjit;
using namespace attnjit::dsl;

/// The query that the neighbourhood of `at` is made for, on an axis of `size`
/// (absent: without an end).
static I32 leaderOf(const I32 &at, const I32 &size,
                    const mods::NeighbourhoodAxis &axis) {
  if (axis.stride == 1)
    return at;
  int behind = axis.causal ? axis.stride - 1 : axis.stride / 2;
  I32 leader = floordiv(at, axis.stride) * axis.stride + behind;
  return size.expr() ? min(leader, size - 1) : leader;
}

MaskMod mods::neighbourhood(const NeighbourhoodAxis &axis) {
  I32 at = axis.q, other = axis.kv, size = axis.extent;
  std::optional<MaskMod> samePhase;
  if (axis.dilation != 1) {
    I32 phase = axis.q % axis.dilation;
    samePhase = axis.kv % axis.dilation == phase;
    at = floordiv(axis.q, axis.dilation);
    other = floordiv(axis.kv, axis.dilation);
    if (size.expr())
      size = floordiv(size - phase + axis.dilation - 1, axis.dilation);
  }
  I32 leader = leaderOf(at, size, axis);
  Bool inside;
  if (axis.causal) {
    inside = other <= at && leader - other < axis.kernel;
  } else {
    I32 start = clamp(leader - floordiv(axis.kernel, 2), 0, size - axis.kernel);
    inside = start <= other && other < start + axis.kernel;
  }
  return samePhase ? *samePhase && inside : MaskMod(inside);
}

MaskMod mods::natten1d(const I32 &extent, const I32 &kernel) {
  return neighbourhood({.extent = extent, .kernel = kernel});
}

MaskMod mods::natten1dDilated(const I32 &extent, const I32 &kernel,
                              int dilation) {
  return neighbourhood(
      {.extent = extent, .kernel = kernel, .dilation = dilation});
}

MaskMod mods::natten1dStrided(const I32 &extent, const I32 &kernel,
                              int stride) {
  return neighbourhood({.extent = extent, .kernel = kernel, .stride = stride});
}

MaskMod mods::natten1dCausal(const I32 &kernel) {
  return neighbourhood({.kernel = kernel, .causal = true});
}

MaskMod mods::natten2d(const I32 &width, const I32 &height, const I32 &kernel) {
  MaskMod alongX = neighbourhood(
      {.q = q % width, .kv = kv % width, .extent = width, .kernel = kernel});
  return alongX && neighbourhood({.q = floordiv(q, width),
                                  .kv = floordiv(kv, width),
                                  .extent = height,
                                  .kernel = kernel});
}

MaskMod mods::natten2dTiled(const I32 &width, const I32 &height,
                            const I32 &kernel, const I32 &tile) {
  auto x = [&](const I32 &i) {
    return floordiv(i, tile * tile) % floordiv(width, tile) * tile + i % tile;
  };
  auto y = [&](const I32 &i) {
    return floordiv(floordiv(i, tile * tile), floordiv(width, tile)) * tile +
           floordiv(i % (tile * tile), tile);
  };
  MaskMod alongX = neighbourhood(
      {.q = x(q), .kv = x(kv), .extent = width, .kernel = kernel});
  return alongX &&
         neighbourhood(
             {.q = y(q), .kv = y(kv), .extent = height, .kernel = kernel});
}

MaskMod mods::natten3d(const I32 &width, const I32 &height, const I32 &kernel,
                       const I32 &frames) {
  MaskMod alongX = neighbourhood(
      {.q = q % width, .kv = kv % width, .extent = width, .kernel = kernel});
  MaskMod alongY = neighbourhood({.q = floordiv(q, width) % height,
                                  .kv = floordiv(kv, width) % height,
                                  .extent = height,
                                  .kernel = kernel});
  return alongX && alongY &&
         neighbourhood({.q = floordiv(q, width * height),
                        .kv = floordiv(kv, width * height),
                        .kernel = frames,
                        .causal = true});
}

MaskMod mods::sasa2d(const I32 &width, const I32 &radius) {
  return abs(q % width - kv % width) <= radius &&
         abs(floordiv(q, width) - floordiv(kv, width)) <= radius;
}

MaskMod mods::swinWindows(const I32 &width, const I32 &window,
                          const I32 &shift) {
  auto region = [&](const I32 &x) { return floordiv(x - shift, window); };
  return region(q % width) == region(kv % width) &&
         region(floordiv(q, width)) == region(floordiv(kv, width));
}
