//===- Documents.cpp - Masks of packed, padded and mixed sequences --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Documents.h"

using namespace attnjit;
using namespace attnjit::dsl;

/// The id of a position in a table [S], [B, S] or [B, Hq, S]. Another rank
/// makes the mod an Error when it is built.
template <typename I>
static I32 idAt(const Buffer<I32> &table, const I &position) {
  switch (table.declaration().dims.size()) {
  case 2:
    return table(b, position);
  case 3:
    return table(b, h, position);
  default:
    return table[position];
  }
}

MaskMod mods::documents(const Buffer<I32> &doc) {
  return idAt(doc, q) == idAt(doc, kv);
}

MaskMod mods::documentsPerBatch(const Buffer<I32> &doc) {
  return documents(doc);
}

MaskMod mods::documentsPerHead(const Buffer<I32> &doc) {
  return documents(doc);
}

MaskMod mods::packedDocuments(const Buffer<I32> &doc) { return documents(doc); }

MaskMod mods::packedCausal(const Buffer<I32> &doc, const Buffer<I32> &start) {
  return kv >= idAt(start, idAt(doc, q)) && q >= kv;
}

MaskMod mods::packedVarlen(const Buffer<I32> &startQ,
                           const Buffer<I32> &startKv, const Buffer<I32> &docQ,
                           const Buffer<I32> &docKv) {
  return docQ[startQ[b] + q] == docKv[startKv[b] + kv];
}

MaskMod mods::keyPadding(const Buffer<I32> &kvLen) { return kv < kvLen[b]; }

MaskMod mods::lengthPadding(const Buffer<I32> &qLen, const Buffer<I32> &kvLen) {
  return keyPadding(kvLen) && q < qLen[b];
}

MaskMod mods::flamingo(const Buffer<I32> &image, const Buffer<I32> &interval) {
  I32 m = idAt(image, kv);
  return interval(m, 0) <= q && q < interval(m, 1);
}

MaskMod mods::interleaved(const Buffer<I32> &image) {
  return q >= kv || (idAt(image, q) >= 0 && idAt(image, q) == idAt(image, kv));
}
