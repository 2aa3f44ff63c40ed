//===- Barrier.h - One of the 16 barriers of a block ------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes arrivals of threads; when as many as expected have come, all that wait
// go on, knowing what all that arrived knew, and the barrier is as new.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_BARRIER_H
#define ATTNJIT_TEST_EMULATOR_BARRIER_H

#include "Clocks.h"
#include "Instruction.h"

#include <cstdint>
#include <vector>

namespace attnjit::emulator {

struct Block;

struct Barrier {
  enum class Reduction : uint8_t { None, Popc, And, Or };

  struct Arrival {
    Thread *thread = nullptr;
    const Site *site = nullptr;
    std::byte *result = nullptr;
  };

  /// Threads that complete it; 0: all of the block that have not exited.
  uint32_t expected = 0;
  uint32_t arrived = 0;
  std::vector<Arrival> waiters;
  /// By warp: where its lanes arrived, for the aligned forms.
  std::vector<const Site *> warpSites;
  Clocks::Joined joined;
  Reduction reduction = Reduction::None;
  uint32_t trueCount = 0; ///< arrivals with a true predicate

  /// Lets the waiters go if enough have arrived.
  void completeIfFull(Block &block);
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_BARRIER_H
