//===- DocumentCases.cpp - Formulas of packed, padded and mixed sequences -===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Documents.h"

using namespace attnjit;
using namespace attnjit::test;

std::vector<LibraryCase> test::documentCases() {
  const Content fives = [](auto &i) { return i[0] / 5; };
  const Content startOfFives = [](auto &i) { return 5 * i[0]; };
  return {
      {"documents", of(mods::documents()),
       [](const Point &p) {
         return p.id("doc", {p.q}) == p.id("doc", {p.kv});
       }},
      {"documents_per_batch", of(mods::documentsPerBatch()),
       [](const Point &p) {
         return p.id("doc", {p.b, p.q}) == p.id("doc", {p.b, p.kv});
       }},
      {"documents_per_head", of(mods::documentsPerHead()),
       [](const Point &p) {
         return p.id("doc", {p.b, p.h, p.q}) == p.id("doc", {p.b, p.h, p.kv});
       }},
      {"packed_documents",
       of(mods::packedDocuments()),
       [](const Point &p) { return p.q / 5 == p.kv / 5; },
       {.tables = {{"doc", fives}}}},
      {"packed_causal",
       of(mods::packedCausal()),
       [](const Point &p) { return p.kv >= p.q - p.q % 5 && p.kv <= p.q; },
       {.tables = {{"doc", fives}, {"start", startOfFives}}}},
      {"packed_varlen",
       of(mods::packedVarlen()),
       [](const Point &p) {
         int batchQ = p.b * 19, batchKv = p.b * 23;
         return (batchQ + p.q) / 7 == (batchKv + p.kv) / 9;
       },
       {.tables = {{"start_q", [](auto &i) { return 19 * i[0]; }},
                   {"start_kv", [](auto &i) { return 23 * i[0]; }},
                   {"doc_q", [](auto &i) { return i[0] / 7; }},
                   {"doc_kv", [](auto &i) { return i[0] / 9; }}},
        .any = 64}},
      {"key_padding",
       of(mods::keyPadding()),
       [](const Point &p) { return p.kv < 9 + p.b; },
       {.tables = {{"kv_len", [](auto &i) { return 9 + i[0]; }}}}},
      {"length_padding",
       of(mods::lengthPadding()),
       [](const Point &p) { return p.kv < 9 + p.b && p.q < 7 - p.b; },
       {.tables = {{"kv_len", [](auto &i) { return 9 + i[0]; }},
                   {"q_len", [](auto &i) { return 7 - i[0]; }}}}},
      // Image m is seen from query 3m on, by 4 queries.
      {"flamingo",
       of(mods::flamingo()),
       [](const Point &p) {
         int first = 3 * (p.kv / 5);
         return p.q >= first && p.q <= first + 3;
       },
       {.tables = {{"image", fives},
                   {"interval",
                    [](auto &i) { return 3 * i[0] + (i[1] ? 4 : 0); }}}}},
      // Images at 0 to 3, 8 to 11, 16 to 19 and so on, numbered from 0.
      {"interleaved",
       of(mods::interleaved()),
       [](const Point &p) {
         bool text = p.q % 8 > 3 || p.kv % 8 > 3;
         return p.kv <= p.q || (!text && p.q / 8 == p.kv / 8);
       },
       {.tables = {{"image",
                    [](auto &i) { return i[1] % 8 > 3 ? -1 : i[1] / 8; }}}}},
  };
}
