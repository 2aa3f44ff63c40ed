//===- GlobalWrites.h - What blocks see of each other -----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Who stored each word of global memory last. A block may read what another has
// stored only if some thread of that one has executed a fence of the GPU's
// scope (or an atomic operation that releases) with the store behind it: the
// thread's own, or one that a barrier has told it of. Whether the reader has
// waited for that is not checked.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_GLOBALWRITES_H
#define ATTNJIT_TEST_EMULATOR_GLOBALWRITES_H

#include "Clocks.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace attnjit::emulator {

class GlobalWrites {
public:
  /// Blocks are named by their index in the grid.
  void write(uint64_t block, uint32_t thread, Clocks::Time now,
             const void *address, size_t length);

  /// A thread of the block executes a fence; its time advances.
  void publish(uint64_t block, uint32_t thread, Clocks &clocks);

  /// What is wrong with a read; empty where nothing is.
  std::string read(uint64_t block, const void *address, size_t length) const;

private:
  struct Write {
    uint64_t block;
    uint32_t thread;
    Clocks::Time time;
  };
  std::unordered_map<uintptr_t, Write> words;             ///< by address / 4
  std::unordered_map<uint64_t, Clocks::Joined> published; ///< by block
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_GLOBALWRITES_H
