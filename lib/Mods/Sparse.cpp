//===- Sparse.cpp - Masks that a table or a hash decides ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Sparse.h"

#include "FixedAxis.h"

#include "attnjit/Mods/Windows.h"

using namespace attnjit;
using namespace attnjit::dsl;

MaskMod mods::bigbird(const I32 &block, const I32 &global, const I32 &window,
                      const Buffer<I32> &random) {
  I32 m = floordiv(q, block), n = floordiv(kv, block);
  Bool near = abs(m - n) <= window || m < global || n < global;
  return near ||
         anyAlong(random, 1, [&](const I32 &t) { return random(m, t) == n; });
}

MaskMod mods::bigbirdMap(const I32 &block, const I32 &global, const I32 &radius,
                         const Buffer<Bool> &map) {
  I32 m = floordiv(q, block), n = floordiv(kv, block);
  return symmetricWindow(radius) || m < global || n < global || map(m, n);
}

MaskMod mods::topkBlocks(const I32 &block, const Buffer<I32> &top) {
  return anyAlong(top, 3, [&](const I32 &t) {
    return top(b, h, floordiv(q, block), t) == floordiv(kv, block);
  });
}

MaskMod mods::blockMap(const I32 &block, const Buffer<Bool> &map) {
  return map(b, h, floordiv(q, block), floordiv(kv, block));
}

MaskMod mods::blockSizes(const I32 &block, const Buffer<I32> &size) {
  return kv % block < size[floordiv(kv, block)];
}

MaskMod mods::graphEdges(const Buffer<Bool> &edge) { return edge(q, kv); }

MaskMod mods::graphCells(const Buffer<I32> &cell, const Buffer<Bool> &edge) {
  return edge(cell[q], cell[kv]);
}

MaskMod mods::ranges(const Buffer<I32> &rect) {
  return anyAlong(rect, 0, [&](const I32 &n) {
    return rect(n, 0) <= q && q < rect(n, 1) && rect(n, 2) <= kv &&
           kv < rect(n, 3) &&
           (rect(n, 4) == 0 || q - rect(n, 0) >= kv - rect(n, 2));
  });
}

MaskMod mods::randomMask(const I32 &seed, const I32 &share) {
  // Odd multipliers with well mixed bits; the shifts bring the high bits down.
  constexpr int32_t kMixQ = static_cast<int32_t>(0x9E3779B1);
  constexpr int32_t kMixKv = static_cast<int32_t>(0x85EBCA77);
  constexpr int32_t kMixLast = 0x2C1B3C6D;
  I32 mixed = (q * kMixQ ^ kv * kMixKv ^ ((b << 16) | h)) + seed;
  I32 hashed = (mixed ^ (mixed >> 15)) * kMixLast;
  return ((hashed ^ (hashed >> 12)) & 0xFFFF) < share;
}

MaskMod mods::markedQueries(const Buffer<F32> &number) {
  return number[q] >= 0;
}

MaskMod mods::svgSpatial(const I32 &text, const I32 &frame, const F32 &frames) {
  I32 band = i32(frames * frame / 128) * 128;
  return kv < text || q < text || abs(q - kv) < band;
}
