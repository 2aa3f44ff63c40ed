//===- Windows.cpp - Masks by the distance of query and key ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Windows.h"

#include "attnjit/Mods/Masks.h"

using namespace attnjit;
using namespace attnjit::dsl;

MaskMod mods::slidingWindow(const I32 &window) {
  return causal() && q - kv < window;
}

MaskMod mods::slidingWindowInclusive(const I32 &window) {
  return causal() && q - kv <= window;
}

MaskMod mods::headWindow(const Buffer<I32> &window) {
  return slidingWindow(window[h]);
}

MaskMod mods::symmetricWindow(const I32 &radius) {
  return abs(q - kv) <= radius;
}

MaskMod mods::windowLeft(const I32 &left) {
  return q_local + (Skv - Sq) - kv_local <= left;
}

MaskMod mods::windowLeftRight(const I32 &left, const I32 &right) {
  I32 ahead = kv_local - (q_local + (Skv - Sq));
  return (left < 0 || -ahead <= left) && (right < 0 || ahead <= right);
}

MaskMod mods::dilated(const I32 &step, const I32 &radius) {
  I32 dist = abs(q - kv);
  return dist <= radius && dist % step == 0;
}

MaskMod mods::dilatedCausal(const I32 &step, const I32 &window) {
  I32 dist = q - kv;
  return dist >= 0 && dist < window && dist % step == 0;
}

MaskMod mods::strided(const I32 &stride) {
  I32 dist = q - kv;
  return dist >= 0 && (dist < stride || dist % stride == 0);
}

MaskMod mods::streaming(const I32 &first, const I32 &window) {
  return causal() && (kv < first || q - kv < window);
}

MaskMod mods::longformer(const I32 &radius, const Buffer<Bool> &marked) {
  return symmetricWindow(radius) || marked[q] || marked[kv];
}
