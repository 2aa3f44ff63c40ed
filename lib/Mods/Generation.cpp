//===- Generation.cpp - Masks of models that generate in blocks -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Generation.h"

using namespace attnjit;
using namespace attnjit::dsl;

MaskMod mods::blockDiffusion(const I32 &len, const I32 &block) {
  Bool cleanQ = q >= len, cleanKv = kv >= len;
  I32 blockQ = floordiv(q % len, block), blockKv = floordiv(kv % len, block);
  Bool same = !cleanQ && !cleanKv && blockQ == blockKv;
  Bool before = !cleanQ && cleanKv && blockQ > blockKv;
  Bool clean = cleanQ && cleanKv && blockQ >= blockKv;
  return same || before || clean;
}

MaskMod mods::parallelDrafts(const I32 &prefix, const I32 &length) {
  I32 drafted = kv - prefix;
  Bool sameDraft =
      drafted >= 0 && floordiv(q, length) == floordiv(drafted, length);
  return kv < prefix || (sameDraft && drafted % length <= q % length);
}

MaskMod mods::anchoredBlocks(const I32 &context, const I32 &block,
                             const Buffer<I32> &anchor,
                             const Buffer<Bool> &keep) {
  I32 own = floordiv(q, block);
  Bool seen = kv < context && kv < anchor[own];
  Bool same = kv >= context && floordiv(kv - context, block) == own;
  return keep[own] && (seen || same);
}

MaskMod mods::frameCausal(const Buffer<I32> &ends) { return kv < ends[q]; }

MaskMod mods::multiScale(const Buffer<I32> &level) {
  return level[q] >= level[kv];
}
