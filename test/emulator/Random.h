//===- Random.h - Choices by seed -------------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A generator that costs a nanosecond, since the scheduler asks for a number at
// each switch: splitmix64. The same on every machine.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_RANDOM_H
#define ATTNJIT_TEST_EMULATOR_RANDOM_H

#include <cstdint>

namespace attnjit::emulator {

class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// Below `bound`, which is at least 1; biased by at most `bound` / 2^32.
  uint32_t below(uint32_t bound) {
    return static_cast<uint32_t>((next() >> 32) * bound >> 32);
  }
  /// True once in `n` times.
  bool oneIn(uint32_t n) { return below(n) == 0; }

private:
  uint64_t state;
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_RANDOM_H
