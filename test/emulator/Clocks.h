//===- Clocks.h - What happened before what ---------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Vector clocks of the threads of a block. A thread's time advances when it
// arrives at a barrier or a fence; what thread `u` did at time `c` is ordered
// before what thread `t` does now if t has learnt of a time of u that is later
// than c, by passing a barrier where u had arrived.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_CLOCKS_H
#define ATTNJIT_TEST_EMULATOR_CLOCKS_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace attnjit::emulator {

class Clocks {
public:
  using Time = uint32_t;
  /// What a barrier, or the world behind a fence, has learnt from those who
  /// came to it.
  using Joined = std::vector<Time>;

  explicit Clocks(uint32_t threads)
      : count(threads), known(size_t(threads) * threads) {}

  /// All threads at time 1, none knowing of another.
  void reset() {
    std::fill(known.begin(), known.end(), 0);
    for (uint32_t t = 0; t < count; ++t)
      row(t)[t] = 1;
  }

  Time now(uint32_t thread) const { return row(thread)[thread]; }

  bool isBefore(uint32_t other, Time time, uint32_t thread) const {
    return other == thread || time <= row(thread)[other];
  }

  /// `thread` arrives: `joined` learns what it knows, and its time advances.
  void release(uint32_t thread, Joined &joined) {
    joined.resize(count);
    learn(joined.data(), row(thread));
    ++row(thread)[thread];
  }

  /// `thread` goes on past a barrier.
  void acquire(uint32_t thread, const Joined &joined) {
    learn(row(thread), joined.data());
  }

private:
  Time *row(uint32_t thread) { return &known[size_t(thread) * count]; }
  const Time *row(uint32_t thread) const {
    return &known[size_t(thread) * count];
  }
  void learn(Time *to, const Time *from) const {
    for (uint32_t i = 0; i < count; ++i)
      to[i] = std::max(to[i], from[i]);
  }

  uint32_t count;
  std::vector<Time> known;
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_CLOCKS_H
