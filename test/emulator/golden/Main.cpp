//===- Main.cpp - Writes the golden cases ---------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   GoldenGenerator FILE [SEED]
//
//===----------------------------------------------------------------------===//

#include "GoldenGenerator.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

using namespace attnjit;
using namespace attnjit::golden;

// Any other does as well; the same one gives the same file.
static constexpr uint64_t kSeed = 20240229;

int main(int count, char **arguments) {
  if (count < 2 || count > 3) {
    std::fprintf(stderr, "usage: GoldenGenerator FILE [SEED]\n");
    return 2;
  }
  const uint64_t seed =
      count == 3 ? std::strtoull(arguments[2], nullptr, 10) : kSeed;
  Expected<GoldenFile> file = makeGoldenFile(seed);
  if (!file) {
    std::fprintf(stderr, "%s\n", file.error().message().c_str());
    return 1;
  }
  std::ofstream stream(arguments[1], std::ios::binary);
  stream << toText(*file);
  stream.close();
  if (!stream) {
    std::fprintf(stderr, "cannot write `%s`\n", arguments[1]);
    return 1;
  }
  return 0;
}
