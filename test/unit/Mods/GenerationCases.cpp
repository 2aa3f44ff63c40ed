//===- GenerationCases.cpp - Formulas of models that generate in blocks ---===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Generation.h"

using namespace attnjit;
using namespace attnjit::test;

static bool isBlockDiffusion(const Point &p) {
  constexpr int kLen = 12, kBlock = 4;
  bool noisedQ = p.q < kLen, noisedKv = p.kv < kLen;
  int blockQ = p.q % kLen / kBlock, blockKv = p.kv % kLen / kBlock;
  if (noisedQ)
    return noisedKv ? blockKv == blockQ : blockKv < blockQ;
  return !noisedKv && blockKv <= blockQ;
}

static bool isParallelDraft(const Point &p) {
  constexpr int kPrefix = 6, kLength = 4;
  if (p.kv < kPrefix)
    return true;
  // Keys of the own draft, from its first to the query's place in it.
  int first = kPrefix + p.q / kLength * kLength;
  return p.kv >= first && p.kv <= first + p.q % kLength;
}

static bool isAnchoredBlock(const Point &p) {
  constexpr int kContext = 10, kBlock = 4;
  int own = p.q / kBlock;
  if (own == 2)
    return false; // not kept
  if (p.kv < kContext)
    return p.kv < 3 * own;
  int first = kContext + own * kBlock;
  return p.kv >= first && p.kv < first + kBlock;
}

std::vector<LibraryCase> test::generationCases() {
  return {
      {"block_diffusion",
       of(mods::blockDiffusion()),
       isBlockDiffusion,
       {.params = {{"len", 12}}},
       of(mods::blockDiffusion(dsl::param<dsl::I32>("len", 1), 4))},
      {"parallel_drafts",
       of(mods::parallelDrafts()),
       isParallelDraft,
       {},
       of(mods::parallelDrafts(6, 4))},
      {"anchored_blocks",
       of(mods::anchoredBlocks()),
       isAnchoredBlock,
       {.tables = {{"anchor", [](auto &i) { return 3 * i[0]; }},
                   {"keep", [](auto &i) { return i[0] != 2; }}}},
       of(mods::anchoredBlocks(10, 4))},
      {"frame_causal",
       of(mods::frameCausal()),
       [](const Point &p) { return p.kv <= p.q / 5 * 5 + 4; },
       {.tables = {{"ends", [](auto &i) { return i[0] / 5 * 5 + 5; }}}}},
      {"multi_scale", of(mods::multiScale()),
       [](const Point &p) { return p.kv / 5 <= p.q / 5; }},
  };
}
