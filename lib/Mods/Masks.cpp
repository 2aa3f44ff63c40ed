//===- Masks.cpp - Causal masks, prefixes and blocks ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Masks.h"

using namespace attnjit;
using namespace attnjit::dsl;

MaskMod mods::noMask() { return true; }

MaskMod mods::causal() { return q >= kv; }

MaskMod mods::causalBottomRight() { return kv_local <= q_local + (Skv - Sq); }

MaskMod mods::prefixLm(const I32 &prefix) { return kv < prefix || q >= kv; }

MaskMod mods::prefixLmInclusive(const I32 &prefix) {
  return kv <= prefix || q >= kv;
}

MaskMod mods::prefixLmPerBatch(const Buffer<I32> &prefix) {
  return prefixLm(prefix[b]);
}

MaskMod mods::blockCausal(const I32 &block) {
  return floordiv(kv, block) <= floordiv(q, block);
}

MaskMod mods::blockDiagonal(const I32 &block) {
  return floordiv(q, block) == floordiv(kv, block);
}

MaskMod mods::chunkedCausal(const I32 &chunk) {
  return blockDiagonal(chunk) && causal();
}

MaskMod mods::keyThreshold(const Buffer<I32> &first) { return kv >= first[q]; }
