//===- TileBoundsFuzzer.cpp - Any bytes as a mask and a tile --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes bytes; each stands for one choice in making a mask, its captures and
// its tiles. Aborts where the bounds decide a tile wrongly.
//
//===----------------------------------------------------------------------===//

#include "../unit/Analysis/RandomMask.h"

#include <cstdint>
#include <cstdlib>
#include <span>

using namespace attnjit;
using namespace attnjit::test;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::span<const uint8_t> bytes(data, size);
  RandomMask source([bytes]() mutable -> uint64_t {
    if (bytes.empty())
      return 0;
    uint64_t byte = bytes.front();
    bytes = bytes.subspan(1);
    // Small choices read the low bits, numbers want high ones, too.
    return byte | byte * 0x9E3779B97F4A7C00;
  });
  Expr mask = source.mask();
  auto oracle = TileOracle::create(mask, source.captures());
  if (!oracle)
    return 0;
  for (int i = 0; i < 3; ++i) {
    Tile tile = source.tile();
    Verdict claimed = oracle->claimed(tile), actual = oracle->actual(tile);
    if (claimed.empty > actual.empty || claimed.full > actual.full)
      std::abort();
  }
  return 0;
}
