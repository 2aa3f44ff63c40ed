//===- GoldenCase.h - One instruction, its inputs and results ---*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the emulator says that an instruction does, to be asked of a GPU: a
// kernel of that one instruction, words for each thread, the words that each
// should give, and how exactly. Made where LLVM is, read where a GPU is.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_GPU_GOLDENCASE_H
#define ATTNJIT_TEST_GPU_GOLDENCASE_H

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace attnjit::golden {

using Words = std::vector<uint32_t>;

/// When a result is right.
struct Rule {
  enum class Kind {
    Bits,  ///< the expected word
    Float, ///< the expected f32; of a NaN, any
    Units, ///< up to `units` of the last place from the expected f32
    Near,  ///< up to the larger error from the exact value, of which the
           ///< expected f32 is the nearest one
    Sum,   ///< up to `bounds` from `sums`, word by word
  };
  Kind kind = Kind::Bits;
  int units = 0;
  double relative = 0, absolute = 0;
  /// A subnormal result became zero. Whether the one that rounds to the least
  /// normal number is subnormal is left open.
  bool flushes = false;
  std::vector<double> sums = {}, bounds = {};
};

struct GoldenCase {
  std::string name;        ///< of letters, digits and underscores
  std::string instruction; ///< as the PTX has it
  std::string ptx;
  int sm = 80; ///< the least that executes it
  std::array<uint32_t, 3> grid = {1, 1, 1}, block = {32, 1, 1};
  uint32_t sharedBytes = 0;
  uint32_t inputs = 0, outputs = 0; ///< words of a thread
  Words in = {}, expected = {};     ///< thread after thread
  Rule rule = {};

  uint32_t blockThreads() const { return block[0] * block[1] * block[2]; }
  uint32_t threads() const {
    return blockThreads() * grid[0] * grid[1] * grid[2];
  }
};

/// The kernel's name. It takes one struct of two addresses, `in` and `out`.
inline constexpr char kGoldenSymbol[] = "golden";

/// What memory of results holds before the run.
inline constexpr uint32_t kUnwritten = 0xdeadbeef;

} // namespace attnjit::golden

#endif // ATTNJIT_TEST_GPU_GOLDENCASE_H
