//===- AsyncCopy.h - Copies in flight ---------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The cp.async copies of one thread: those of no group yet, then the groups in
// the order of their commits.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_ASYNCCOPY_H
#define ATTNJIT_TEST_EMULATOR_ASYNCCOPY_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace attnjit::emulator {

struct AsyncCopy {
  std::byte *target = nullptr;
  const std::byte *source = nullptr; ///< null once it has been read
  uint8_t bytes = 0;                 ///< 4, 8 or 16
  uint8_t sourceBytes = 0;           ///< the rest is zero
  std::array<std::byte, 16> data;

  /// Reads the source, where that has not happened.
  void fetch();
};

struct AsyncCopies {
  std::vector<AsyncCopy> open;
  std::deque<std::vector<AsyncCopy>> groups;

  void clear() {
    open.clear();
    groups.clear();
  }
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_ASYNCCOPY_H
