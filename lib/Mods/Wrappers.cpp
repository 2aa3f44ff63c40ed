//===- Wrappers.cpp - Mods made of other mods -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Wrappers.h"

using namespace attnjit;
using namespace attnjit::dsl;

static Positions inDocument(const Buffer<I32> &doc, const Buffer<I32> &start) {
  return {.q = q - start[doc[q]], .kv = kv - start[doc[kv]]};
}

MaskMod mods::perDocument(const MaskMod &inner, const Buffer<I32> &doc,
                          const Buffer<I32> &start) {
  return doc[q] == doc[kv] && inner.at(inDocument(doc, start));
}

ScoreMod mods::perDocument(const ScoreMod &inner, const Buffer<I32> &doc,
                           const Buffer<I32> &start) {
  return inner.at(inDocument(doc, start));
}

/// The position of a key in its sequence; `number` is that of its page.
static Positions inSequence(const I32 &number, const I32 &page) {
  return {.kv = number * page + kv % page};
}

MaskMod mods::paged(const MaskMod &inner, const I32 &page,
                    const Buffer<I32> &logical) {
  I32 number = logical(b, floordiv(kv, page));
  return number >= 0 && inner.at(inSequence(number, page));
}

ScoreMod mods::paged(const ScoreMod &inner, const I32 &page,
                     const Buffer<I32> &logical) {
  return inner.at(inSequence(logical(b, floordiv(kv, page)), page));
}

MaskMod mods::offsetBy(const MaskMod &inner, const I32 &offset) {
  return inner.at({.q = q + offset});
}

ScoreMod mods::offsetBy(const ScoreMod &inner, const I32 &offset) {
  return inner.at({.q = q + offset});
}

MaskMod mods::batchified(const MaskMod &inner, const I32 &length) {
  return floordiv(q, length) == floordiv(kv, length) &&
         inner.at({.q = q % length, .kv = kv % length});
}

ScoreMod mods::batchified(const ScoreMod &inner, const I32 &length) {
  return inner.at({.q = q % length, .kv = kv % length});
}

ScoreMod mods::asScore(const MaskMod &mask) { return where(mask, score, -inf); }
